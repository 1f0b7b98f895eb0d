import type { Pod } from '../../kube/types.ts';
import type { Fragment } from './examples.ts';

export type ContainerList = 'containers' | 'initContainers' | 'ephemeralContainers';

/**
 * A whole Pod around a fragment, whose container stands last in `list`. `base` is what every container has besides its
 * name.
 */
export function examplePod(fragment: Fragment, list: ContainerList = 'containers', base: object = {}): Pod {
  const main = { name: 'main', ...base };
  const own = { ...main, ...fragment.container };
  const other = { name: 'other', ...base, ...fragment.container };
  const spec = {
    ...fragment.spec,
    containers: [list === 'containers' ? own : main],
    ...(list === 'containers' ? {} : { [list]: [other] }),
  };
  // The fragments are plain data, with fields that the API does not know among them.
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'example', ...fragment.metadata }, spec } as Pod;
}
