/** Everything this API server serves. Discovery, routing and the store all read this one table. */
export interface ServedResource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly ServedSubresource[];
  /** `plural` or `plural.group`: the name in the store and in messages. */
  readonly id: string;
  /** The resource that holds the objects: another one where two groups show the same objects (events). */
  readonly storedAs: string;
}

export interface ServedSubresource {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

interface Extras {
  readonly short?: string;
  readonly categories?: readonly string[];
  readonly verbs?: readonly string[];
  readonly cluster?: boolean;
  readonly subs?: readonly string[];
  readonly storedAs?: string;
}

const all = { categories: ['all'] };
const everyVerb = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const createOnly = { verbs: ['create'] };

/** Subresources whose body is not the resource itself: kind, group, version, verbs. */
const foreignSubresources: Readonly<Record<string, readonly [string, string, string, readonly string[]]>> = {
  binding: ['Binding', '', 'v1', ['create']],
  eviction: ['Eviction', 'policy', 'v1', ['create']],
  scale: ['Scale', 'autoscaling', 'v1', ['get', 'patch', 'update']],
  token: ['TokenRequest', 'authentication.k8s.io', 'v1', ['create']],
  exec: ['PodExecOptions', '', 'v1', ['create', 'get']],
  attach: ['PodAttachOptions', '', 'v1', ['create', 'get']],
  portforward: ['PodPortForwardOptions', '', 'v1', ['create', 'get']],
};
const ownSubresourceVerbs: Readonly<Record<string, readonly string[]>> = {
  status: ['get', 'patch', 'update'],
  ephemeralcontainers: ['get', 'patch', 'update'],
  log: ['get'],
  finalize: ['update'],
};

function served(groupVersion: string, kind: string, plural: string, extras: Extras = {}): ServedResource {
  const [first = '', second] = groupVersion.split('/');
  const group = second === undefined ? '' : first;
  const version = second ?? first;
  const id = group === '' ? plural : `${plural}.${group}`;
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: extras.cluster !== true,
    verbs: extras.verbs ?? everyVerb,
    shortNames: extras.short === undefined ? [] : [extras.short],
    categories: extras.categories ?? [],
    subresources: (extras.subs ?? []).map((name) => {
      if (name === 'proxy')
        return {
          name,
          kind: `${kind}ProxyOptions`,
          group,
          version,
          verbs: ['create', 'delete', 'get', 'patch', 'update'],
        };
      const foreign = foreignSubresources[name];
      if (foreign === undefined)
        return { name, kind, group, version, verbs: ownSubresourceVerbs[name] ?? [] };
      return { name, kind: foreign[0], group: foreign[1], version: foreign[2], verbs: foreign[3] };
    }),
    id,
    storedAs: extras.storedAs ?? id,
  };
}

/** Groups in the order of preference that kubectl uses for ambiguous names (`events`). */
export const servedResources: readonly ServedResource[] = [
  served('v1', 'Binding', 'bindings', createOnly),
  served('v1', 'ConfigMap', 'configmaps', { short: 'cm' }),
  served('v1', 'Endpoints', 'endpoints', { short: 'ep' }),
  served('v1', 'Event', 'events', { short: 'ev' }),
  served('v1', 'Namespace', 'namespaces', { short: 'ns', cluster: true, subs: ['status', 'finalize'] }),
  served('v1', 'Node', 'nodes', { short: 'no', cluster: true, subs: ['status', 'proxy'] }),
  served('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { short: 'pvc', subs: ['status'] }),
  served('v1', 'Pod', 'pods', {
    short: 'po',
    ...all,
    subs: [
      ...['status', 'log', 'binding', 'eviction', 'ephemeralcontainers'],
      ...['exec', 'attach', 'portforward', 'proxy'],
    ],
  }),
  served('v1', 'Secret', 'secrets'),
  served('v1', 'ServiceAccount', 'serviceaccounts', { short: 'sa', subs: ['token'] }),
  served('v1', 'Service', 'services', { short: 'svc', ...all, subs: ['status'] }),
  served('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  served('apps/v1', 'DaemonSet', 'daemonsets', { short: 'ds', ...all, subs: ['status'] }),
  served('apps/v1', 'Deployment', 'deployments', { short: 'deploy', ...all, subs: ['status', 'scale'] }),
  served('apps/v1', 'ReplicaSet', 'replicasets', { short: 'rs', ...all, subs: ['status', 'scale'] }),
  served('apps/v1', 'StatefulSet', 'statefulsets', { short: 'sts', ...all, subs: ['status', 'scale'] }),
  served('events.k8s.io/v1', 'Event', 'events', { short: 'ev', storedAs: 'events' }),
  served('authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews', {
    ...createOnly,
    cluster: true,
  }),
  served('authentication.k8s.io/v1', 'TokenReview', 'tokenreviews', { ...createOnly, cluster: true }),
  served('authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', createOnly),
  served('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', {
    ...createOnly,
    cluster: true,
  }),
  served('authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews', {
    ...createOnly,
    cluster: true,
  }),
  served('batch/v1', 'CronJob', 'cronjobs', { short: 'cj', ...all, subs: ['status'] }),
  served('batch/v1', 'Job', 'jobs', { ...all, subs: ['status'] }),
  served('coordination.k8s.io/v1', 'Lease', 'leases'),
  served('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  served('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { short: 'pdb', subs: ['status'] }),
  served('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', { cluster: true }),
  served('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', { cluster: true }),
  served('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  served('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  served('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { short: 'pc', cluster: true }),
];

const byId: ReadonlyMap<string, ServedResource> = new Map(servedResources.map((entry) => [entry.id, entry]));

/** By the store's name, `plural` or `plural.group`. */
export function servedResource(id: string): ServedResource | undefined {
  return byId.get(id);
}

/** Is it kept in the store, or only answered (reviews, bindings)? */
export function isStored(resource: ServedResource): boolean {
  return resource.verbs.includes('get');
}
