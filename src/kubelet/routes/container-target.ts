import type { InstanceRef } from '../../../providers/contract/index.ts';
import type { Container, EphemeralContainer, Pod } from '../../kube/types.ts';
import type { NodeView } from '../node-view.ts';

/** How the paths of /run, /exec and /attach name a container; the UID is optional. */
export interface ContainerParams {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
  readonly container: string;
}

export type ContainerTarget =
  | {
      readonly kind: 'running';
      readonly ref: InstanceRef;
      readonly spec: Pick<Container | EphemeralContainer, 'name' | 'stdin' | 'tty'>;
    }
  /** A plain answer, in the kubelet's words. */
  | { readonly kind: 'none'; readonly status: 404 | 500; readonly text: string };

/** `/exec/{namespace}/{pod}[/{uid}]/{container}` as routes. */
export function containerPaths(first: string): string[] {
  return ['', '/:uid'].map((uid) => `/${first}/:namespace/:pod${uid}/:container`);
}

/**
 * The running container of that name. What runs is what the provider says: the status in the API server comes later.
 * (pkg/kubelet/server/server.go getExec, pkg/kubelet/kubelet_pods.go GetExec.)
 */
export function containerTarget(view: NodeView, params: ContainerParams): ContainerTarget {
  const found = view.pod(params.namespace, params.pod);
  if (found === undefined) return { kind: 'none', status: 404, text: 'pod does not exist' };
  const none: ContainerTarget = {
    kind: 'none',
    status: 500,
    text: `container not found (${JSON.stringify(params.container)})`,
  };
  const { pod, instance } = found;
  if (params.uid !== undefined && params.uid !== pod.metadata?.uid) return none;
  const spec = containersOf(pod).find(({ name }) => name === params.container);
  const state = instance?.containers.find(({ name }) => name === params.container)?.state;
  if (instance === undefined || spec === undefined || state?.kind !== 'running') return none;
  return { kind: 'running', ref: instance.ref, spec };
}

function containersOf({ spec }: Pod): (Container | EphemeralContainer)[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
}
