/** An API object as stored: JSON, nothing more is known of it here. */
export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: StoredMeta;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface StoredMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
  [field: string]: unknown;
}

export type StoreEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Readonly<StoredObject>;
  readonly previous?: Readonly<StoredObject>;
};

export interface DeleteRequest {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

/**
 * The API of the embedded control plane as seen from inside the process: what the HTTP front and the controllers
 * share. All writes pass the same defaulting, validation, subresource rules and graceful deletion. Synchronous and
 * single-threaded: a call has happened when it returns. Failures are ApiError with the code and reason that the HTTP
 * front would send. `resource` is `plural` or `plural.group`, e.g. `pods`, `deployments.apps`.
 * Objects handed out are frozen or shared: callers copy before they change one.
 */
export interface ClusterStore {
  get(resource: string, namespace: string | undefined, name: string): Readonly<StoredObject> | undefined;
  list(resource: string, namespace?: string): readonly Readonly<StoredObject>[];
  /** `metadata.generateName` works; uid, times, version are set here. */
  create(resource: string, object: object): Readonly<StoredObject>;
  /**
   * Replaces; `metadata.resourceVersion` and `uid` in the object are preconditions. With subresource `status` the status
   * changes, with `ephemeralcontainers` those of a Pod, without it everything else; labels, annotations and finalizers either way. No write where nothing changes.
   * A Namespace that is being deleted goes when its `spec.finalizers` are emptied.
   */
  update(
    resource: string,
    object: object,
    subresource?: 'status' | 'ephemeralcontainers',
  ): Readonly<StoredObject>;
  delete(resource: string, namespace: string | undefined, name: string, request?: DeleteRequest): void;
  /** Called after each commit, in order, for the given resource. Returns the way to stop. */
  subscribe(resource: string, listener: (event: StoreEvent) => void): () => void;
}
