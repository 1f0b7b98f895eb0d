import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

/** Every call: a signal to give up, and a bound on the whole call (default 30 s; a watch has none). */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ObjectKey {
  readonly name: string;
  /** For namespaced resources. */
  readonly namespace?: string;
}

export interface Selection {
  /** Absent = all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects per page, default 500. All pages are read; a page that fails fails the list. */
  readonly pageSize?: number;
}

export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

export type PatchType = 'strategic' | 'merge' | 'json';

export interface PatchOptions extends CallOptions {
  readonly type?: PatchType;
  readonly subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

export interface WatchOptions extends Selection, CallOptions {
  readonly resourceVersion: string;
  /** The server ends the watch after about this many seconds. */
  readonly timeoutSeconds?: number;
  /** Milliseconds without a byte after which the connection counts as dead. */
  readonly idleTimeoutMs?: number;
  /** The server has accepted the watch. */
  readonly onOpen?: () => void;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * Typed access to one API server. Failures are StatusError (the server answered) or ConnectionError (it did not).
 * Reads are retried a few times on connection errors, 429 and 5xx with retry-after; writes only where the server
 * certainly did nothing (429, connection refused): the callers are reconcilers and know best.
 */
export interface KubeClient {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: string; readonly name?: string },
  ): Promise<T>;
  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    body: unknown,
    options?: PatchOptions,
  ): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Ends normally when the server ends it; throws StatusError 410 when the version is too old. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Closes the connections. */
  close(): Promise<void>;
}
