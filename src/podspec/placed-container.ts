import type { Container, EphemeralContainer, Pod } from '../kube/types.ts';

export interface PlacedContainer {
  /** Such as `spec.initContainers[1]`. */
  readonly path: string;
  readonly container: Container & Pick<EphemeralContainer, 'targetContainerName'>;
}

export function placed(
  list: 'containers' | 'initContainers' | 'ephemeralContainers',
  pod: Pod,
): PlacedContainer[] {
  return (pod.spec?.[list] ?? []).map((container, index) => ({ path: `spec.${list}[${index}]`, container }));
}

/** Regular or init container of that name. */
export function findContainer(pod: Pod, name: string | undefined): Container | undefined {
  if (!name) return undefined;
  const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
  return [...containers, ...initContainers].find((container) => container.name === name);
}
