import { type EndpointSlice, type Endpoints, kinds, type Pod, type Service } from '../core/kinds.ts';
import { controllerReference, isDeleting, typeMeta } from '../core/objects.ts';
import { isFinished, isReady } from '../core/pods.ts';

const slicesOf = 'kubernetes.io/service-name';
/** Endpoints per slice (endpointslice-controller --max-endpoints-per-slice). */
const sliceSize = 100;
/** Endpoints holds no more than this. */
const endpointsSize = 1_000;

interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

interface Group {
  readonly ports: readonly Port[];
  readonly pods: readonly Pod[];
}

export type SliceDraft = Pick<EndpointSlice, 'addressType' | 'ports' | 'endpoints'>;

/** Pods with an address that belong to a Service, grouped by what its ports mean on each of them. */
function groups(service: Service, pods: readonly Pod[]): Group[] {
  const found = new Map<string, { ports: readonly Port[]; pods: Pod[] }>();
  for (const pod of pods) {
    if (!pod.status?.podIP || isFinished(pod)) continue;
    const ports = portsOn(service, pod);
    const key = JSON.stringify(ports);
    const group = found.get(key) ?? { ports, pods: [] };
    group.pods.push(pod);
    found.set(key, group);
  }
  return [...found.values()];
}

function portsOn(service: Service, pod: Pod): Port[] {
  return (service.spec.ports ?? []).flatMap(({ name = '', port, protocol = 'TCP', targetPort = port }) => {
    const named = pod.spec.containers
      .flatMap((container) => container.ports ?? [])
      .find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol);
    const number = typeof targetPort === 'number' ? targetPort : named?.containerPort;
    return number === undefined ? [] : [{ name, port: number, protocol }];
  });
}

/** The slices that a Service should have, without names. */
export function planSlices(service: Service, pods: readonly Pod[]): SliceDraft[] {
  const wanted = groups(service, pods).flatMap(({ ports, pods: members }) => {
    const chunks = Math.ceil(members.length / sliceSize);
    return Array.from(
      { length: chunks },
      (_, at): SliceDraft => ({
        addressType: 'IPv4',
        ports: [...ports],
        endpoints: members.slice(at * sliceSize, (at + 1) * sliceSize).map((pod) => endpoint(service, pod)),
      }),
    );
  });
  return wanted.length > 0 ? wanted : [{ addressType: 'IPv4', ports: [], endpoints: [] }];
}

function serves(service: Service, pod: Pod): boolean {
  return service.spec.publishNotReadyAddresses === true || (isReady(pod) && !isDeleting(pod));
}

function endpoint(service: Service, pod: Pod) {
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: serves(service, pod), serving: isReady(pod), terminating: isDeleting(pod) },
    ...(pod.spec.hostname && pod.spec.subdomain === service.metadata.name && { hostname: pod.spec.hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: targetOf(pod),
  };
}

function targetOf({ metadata: { name, namespace = '', uid } }: Pod) {
  return { kind: 'Pod', namespace, name, uid };
}

export function sliceObject(service: Service, draft: SliceDraft) {
  const { name, namespace } = service.metadata;
  return {
    ...typeMeta(kinds.endpointSlices),
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        ...service.metadata.labels,
        [slicesOf]: name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference(service)],
    },
    ...draft,
  };
}

export function isSliceOf({ metadata }: EndpointSlice, service: Service): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid) === true;
}

/** The older form of the same: one object per Service. Pods that are being deleted are in neither list. */
export function planEndpoints(service: Service, pods: readonly Pod[]): NonNullable<Endpoints['subsets']> {
  let room = endpointsSize;
  return groups(
    service,
    pods.filter((pod) => !isDeleting(pod) || service.spec.publishNotReadyAddresses === true),
  )
    .map(({ ports, pods: members }) => {
      const taken = members.slice(0, room);
      room -= taken.length;
      const address = (pod: Pod) => ({
        ip: pod.status?.podIP ?? '',
        ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
        targetRef: targetOf(pod),
      });
      const ready = taken.filter((pod) => serves(service, pod)).map(address);
      const notReady = taken.filter((pod) => !serves(service, pod)).map(address);
      return {
        ...(ready.length > 0 && { addresses: ready }),
        ...(notReady.length > 0 && { notReadyAddresses: notReady }),
        ...(ports.length > 0 && {
          ports: ports.map(({ name, ...port }) => (name ? { name, ...port } : port)),
        }),
      };
    })
    .filter(({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined);
}
