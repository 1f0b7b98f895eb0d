import { isDeepStrictEqual } from 'node:util';
import { matchesLabels } from '../../../kube/selectors.ts';
import { type Context, startController } from '../core/controller.ts';
import { type EndpointSlice, type Endpoints, kinds, type Pod, type Service } from '../core/kinds.ts';
import { isDeleting, keyOf, typeMeta } from '../core/objects.ts';
import type { Write } from '../core/writes.ts';
import { isSliceOf, planEndpoints, planSlices, sliceObject } from './endpoints-plan.ts';

/** Changes of Pods are gathered this long, so a big Service is not rewritten for each of them. */
const gatherMs = 100;

/** Keeps Endpoints and EndpointSlices of every Service that has a selector. */
export function startEndpointsController(context: Context): void {
  const { store, pods, signal } = context;
  const queue = startController(context, {
    name: 'endpoint-controller',
    kind: kinds.services,
    owns: [kinds.endpointSlices],
    gone: (namespace, name) => {
      if (store.get(kinds.endpoints, namespace, name)) store.delete(kinds.endpoints, namespace, name);
    },
    sync: (service, apply) => {
      if (selectorOf(service) === undefined || isDeleting(service)) return undefined;
      const members = pods.inNamespace(service.metadata.namespace).filter((pod) => selects(service, pod));
      const slices = store
        .list(kinds.endpointSlices, service.metadata.namespace)
        .filter((slice) => isSliceOf(slice, service));
      const known = store.get(kinds.endpoints, service.metadata.namespace, service.metadata.name);
      apply([...sliceWrites(service, slices, members), ...endpointsWrites(service, known, members)]);
      return undefined;
    },
  });
  store.subscribe(kinds.pods, signal, ({ object, previous }) => {
    for (const service of store.list(kinds.services, object.metadata.namespace))
      if (selects(service, object) || (previous && selects(service, previous)))
        queue.add(keyOf(service), gatherMs);
  });
}

function selectorOf({ spec }: Service): Record<string, string> | undefined {
  const isSelecting = spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;
  return isSelecting ? spec.selector : undefined;
}

function selects(service: Service, pod: Pod): boolean {
  const matchLabels = selectorOf(service);
  return matchLabels !== undefined && matchesLabels({ matchLabels }, pod.metadata.labels);
}

/** Existing slices are used again in their order, so that a change touches few of them. */
function sliceWrites(service: Service, slices: readonly EndpointSlice[], members: readonly Pod[]): Write[] {
  const kind = kinds.endpointSlices;
  const wanted = planSlices(service, members);
  const writes = wanted.map((draft, at): Write | undefined => {
    const slice = slices[at];
    if (slice === undefined) return { op: 'create', kind, object: sliceObject(service, draft) };
    const next: EndpointSlice = { ...slice, ...draft };
    return isDeepStrictEqual(next, slice) ? undefined : { op: 'update', kind, object: next };
  });
  const surplus = slices.slice(wanted.length).map((object): Write => ({ op: 'delete', kind, object }));
  return [...writes.filter((write) => write !== undefined), ...surplus];
}

function endpointsWrites(service: Service, known: Endpoints | undefined, members: readonly Pod[]): Write[] {
  const kind = kinds.endpoints;
  const subsets = planEndpoints(service, members);
  const { name, namespace } = service.metadata;
  const labels = { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
  if (known === undefined)
    return [
      { op: 'create', kind, object: { ...typeMeta(kind), metadata: { name, namespace, labels }, subsets } },
    ];
  const next: Endpoints = { ...known, metadata: { ...known.metadata, labels }, subsets };
  return isDeepStrictEqual(next, known) ? [] : [{ op: 'update', kind, object: next }];
}
