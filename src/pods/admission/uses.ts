import type { Container, EphemeralContainer, Pod, PodSpec, Volume } from '../../kube/types.ts';

/** The paths of the fields by which a Pod asks for something, such as `spec.containers[0].tty`. None = it does not. */
export type FindUses = (pod: Pod) => readonly string[];

export type AnyContainer = Container | EphemeralContainer;

export interface PlacedContainer {
  /** Such as `spec.initContainers[1]`. */
  readonly path: string;
  readonly kind: 'init' | 'regular' | 'ephemeral';
  readonly container: AnyContainer;
}

/** All containers: regular, init and ephemeral, in this order. */
export function containersOf(pod: Pod): PlacedContainer[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  const placed =
    (kind: PlacedContainer['kind'], list: string) =>
    (container: AnyContainer, index: number): PlacedContainer => ({
      path: `spec.${list}[${index}]`,
      kind,
      container,
    });
  return [
    ...containers.map(placed('regular', 'containers')),
    ...initContainers.map(placed('init', 'initContainers')),
    ...ephemeralContainers.map(placed('ephemeral', 'ephemeralContainers')),
  ];
}

/** One field below `spec`; used when `test` says so of the spec. */
export function podField(field: string, test: (spec: PodSpec) => boolean): FindUses {
  return ({ spec }) => (spec !== undefined && test(spec) ? [`spec.${field}`] : []);
}

/** One field below each container. */
export function containerField(field: string, test: (container: AnyContainer) => boolean): FindUses {
  return (pod) =>
    containersOf(pod).flatMap(({ path, container }) => (test(container) ? [`${path}.${field}`] : []));
}

/** Several places below each container, relative to it. */
export function containerFields(find: (container: AnyContainer, pod: Pod) => readonly string[]): FindUses {
  return (pod) =>
    containersOf(pod).flatMap(({ path, container }) =>
      find(container, pod).map((field) => `${path}.${field}`),
    );
}

/** The volumes that have this source. */
export function volumeField(field: string, test: (volume: Volume) => boolean): FindUses {
  return ({ spec }) =>
    (spec?.volumes ?? []).flatMap((volume, index) =>
      test(volume) ? [`spec.volumes[${index}].${field}`] : [],
    );
}

/** Paths of the items of a list for which `test` holds. */
export function itemsWhere<T>(
  list: readonly T[] | undefined,
  pathOf: (index: number) => string,
  test: (item: T) => boolean,
): string[] {
  return (list ?? []).flatMap((item, index) => (test(item) ? [pathOf(index)] : []));
}

export function some(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}

/** An object with at least one field that says something. */
export function filled(value: object | undefined): boolean {
  return value !== undefined && Object.values(value).some((field) => field !== undefined && field !== '');
}
