export const mockCallKinds = [
  'capacity',
  'create',
  'update',
  'stop',
  'delete',
  'list',
  'observe',
  'logs',
  'stats',
] as const;

export type MockCallKind = (typeof mockCallKinds)[number];

/** One call of the provider's API, as the cloud recorded it. */
export interface MockCall {
  readonly kind: MockCallKind;
  /** Counts all calls of this cloud, from 0. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly podUid?: string;
  /** Of `stop` and `delete`. */
  readonly instance?: string;
  /** Of `create`. */
  readonly token?: string;
}

/**
 * Runs before each call takes effect and after it did, before the answer leaves. A promise holds the call up (a test
 * that kills its daemon there returns one that never settles); a throw ends it.
 */
export type CallHook = (call: MockCall, point: 'before' | 'after') => void | Promise<void>;
