import { randomUUID } from 'node:crypto';
import type { ContainerSpec, InstanceSpec } from '../instance-spec.ts';
import type { OwnerScope } from '../ownership.ts';
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
  const make = ([container, program]: [string, Program]): ContainerSpec => ({
    name: container,
    image: wishes.image,
    imagePullPolicy: 'IfNotPresent',
    command: shellCommand(program),
    env: wishes.env ?? [],
    ports: [],
    requests: { cpuMillis: 10, memoryBytes: 16 * 2 ** 20 },
    limits: {},
    mounts: [],
    securityContext: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  return {
    owner: { ...wishes.scope, namespace: 'conformance', name, podUid, attempt: 0 },
    hostname: name,
    restartPolicy: wishes.restartPolicy ?? 'Never',
    terminationGracePeriodSeconds: 30,
    initContainers: Object.entries(wishes.initContainers ?? {}).map(make),
    containers: Object.entries(wishes.containers).map(make),
    volumes: [],
    dns: { nameservers: [], searches: [], options: [] },
    hostAliases: [],
    registryCredentials: [],
    securityContext: {},
    labels: {},
    annotations: {},
  };
}
