import { conformanceSpec } from '../../contract/conformance/spec.ts';
import type { InstanceSpec, OwnerScope } from '../../contract/index.ts';
import { scriptAnnotation } from '../script.ts';

export const testScope: OwnerScope = { clusterUid: 'cluster', node: 'burst' };

export interface MockSpecWishes {
  readonly podUid: string;
  readonly containers?: readonly string[];
  readonly initContainers?: readonly string[];
  readonly sidecars?: readonly string[];
  readonly restartPolicy?: InstanceSpec['restartPolicy'];
  /** As JSON in the annotation. */
  readonly script?: unknown;
}

/** A Pod for the mock, with names instead of random UIDs. */
export function mockSpec(wishes: MockSpecWishes): InstanceSpec {
  const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));
  const { podUid, sidecars = [], initContainers = [], containers = ['main'], script } = wishes;
  const spec = conformanceSpec({
    scope: testScope,
    image: 'example.com/app:1',
    name: podUid,
    containers: named(containers),
    initContainers: named([...sidecars, ...initContainers]),
    restartPolicy: wishes.restartPolicy ?? 'Always',
  });
  return {
    ...spec,
    owner: { ...spec.owner, podUid },
    initContainers: spec.initContainers.map((container) =>
      sidecars.includes(container.name) ? { ...container, restartPolicy: 'Always' } : container,
    ),
    annotations: script === undefined ? {} : { [scriptAnnotation]: JSON.stringify(script) },
  };
}
