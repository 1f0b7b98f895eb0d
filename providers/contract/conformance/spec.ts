import { randomUUID } from 'node:crypto';
import type { ContainerSpec, InstanceSpec } from '../instance-spec.ts';
import type { OwnerScope } from '../ownership.ts';
import { plainContainer, plainSpec } from './plain-spec.ts';
import type { Program } from './program.ts';
import { shellCommand } from './program.ts';

export interface SpecWishes {
  readonly scope: OwnerScope;
  readonly image: string;
  /** By container name, in order. */
  readonly containers: Readonly<Record<string, Program>>;
  readonly initContainers?: Readonly<Record<string, Program>>;
  readonly restartPolicy?: InstanceSpec['restartPolicy'];
  /** Name of the Pod; default a new one. */
  readonly name?: string;
  readonly env?: ContainerSpec['env'];
}

/** A small Pod with a UID of its own, every reference resolved, as the node would hand it to a provider. */
export function conformanceSpec(wishes: SpecWishes): InstanceSpec {
  const podUid = randomUUID();
  const name = wishes.name ?? `conformance-${podUid.slice(0, 8)}`;
  const make = ([container, program]: [string, Program]): ContainerSpec =>
    plainContainer(container, wishes.image, {
      command: shellCommand(program),
      env: wishes.env ?? [],
      stdin: program.answersInput ?? false,
      requests: { cpuMillis: 10, memoryBytes: 16 * 2 ** 20 },
    });
  return plainSpec(
    { ...wishes.scope, namespace: 'conformance', name, podUid, attempt: 0 },
    Object.entries(wishes.containers).map(make),
    {
      restartPolicy: wishes.restartPolicy ?? 'Never',
      initContainers: Object.entries(wishes.initContainers ?? {}).map(make),
    },
  );
}
