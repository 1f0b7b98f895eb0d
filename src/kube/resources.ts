import type {
  Binding,
  CertificateSigningRequest,
  ConfigMap,
  KubeEvent,
  KubeObject,
  Lease,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  SubjectAccessReview,
  TokenRequest,
  TokenReview,
} from './types.ts';

/** Where a kind lives in the API. The type parameter is only for the compiler. */
export interface Resource<T extends KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set; carries T. */
  readonly object?: T;
}

function core<T extends KubeObject>(kind: string, plural: string, namespaced: boolean): Resource<T> {
  return { group: '', version: 'v1', kind, plural, namespaced };
}

export const pods = core<Pod>('Pod', 'pods', true);
export const nodes = core<Node>('Node', 'nodes', false);
/** Made as the subresource `binding` of a Pod. */
export const bindings: Resource<Binding> = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'pods',
  namespaced: true,
};
export const events = core<KubeEvent>('Event', 'events', true);
export const namespaces = core<Namespace>('Namespace', 'namespaces', false);
export const configMaps = core<ConfigMap>('ConfigMap', 'configmaps', true);
export const secrets = core<Secret>('Secret', 'secrets', true);
export const services = core<Service>('Service', 'services', true);

export const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Made as the subresource `token` of a ServiceAccount. */
export const tokenRequests = core<TokenRequest>('TokenRequest', 'serviceaccounts', true);

export const certificateSigningRequests: Resource<CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  namespaced: false,
};

export const tokenReviews: Resource<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};

export const subjectAccessReviews: Resource<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};
