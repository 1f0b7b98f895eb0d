import type { Resources } from '../../providers/contract/index.ts';
import type { Container, Pod } from '../kube/types.ts';
import { parseResources, toResources } from './resources.ts';

interface Sized {
  readonly requests: Resources;
  readonly limits: Resources;
  readonly restartPolicy?: string;
}

/** What sizing reads of a Pod. Throws QuantityError. */
export function sizedPod({ spec }: Pod): {
  readonly initContainers: readonly Sized[];
  readonly containers: readonly Sized[];
  /** Pod-level values count in place of the sum of the containers. */
  readonly whole?: Sized;
} {
  const { containers = [], initContainers = [], resources } = spec ?? { containers: [] };
  return {
    initContainers: initContainers.map(sized),
    containers: containers.map(sized),
    ...(resources === undefined ? {} : { whole: sized({ resources }) }),
  };
}

function sized({ resources, restartPolicy }: Pick<Container, 'resources' | 'restartPolicy'>): Sized {
  return {
    requests: toResources(parseResources(resources?.requests)),
    limits: toResources(parseResources(resources?.limits)),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}
