import type { Status } from './types.ts';

export type StatusDetails = NonNullable<Status['details']>;

export interface StatusErrorInit {
  /** The call, e.g. `patch pods/status default/web-0`. */
  readonly call: string;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The API server answered, and the answer is no. Reasons are those of apimachinery's `metav1.StatusReason`. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** Milliseconds to wait before the next try, when the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor(init: StatusErrorInit) {
    super(`${init.call}: ${init.message} (${init.code} ${init.reason})`);
    this.code = init.code;
    this.reason = init.reason;
    this.details = init.details;
    this.retryAfterMs = init.retryAfterMs;
  }
}

export type ConnectionErrorKind =
  /** No connection came about: refused, no route, no such host, TLS handshake failed. */
  | 'connect'
  /** The connection broke under the call. */
  | 'broken'
  /** The call's bound or the watch's idle bound ran out. */
  | 'timeout'
  /** What came back is not what the API speaks, or is larger than allowed. */
  | 'protocol'
  /** No credentials could be had. */
  | 'credentials'
  /** The caller gave up, or the client is closed. */
  | 'aborted';

export interface ConnectionErrorInit {
  readonly kind: ConnectionErrorKind;
  readonly call: string;
  /** Origin of the API server. */
  readonly server: string;
  readonly message: string;
  readonly untouched: boolean;
  readonly cause?: unknown;
}

/** No (whole) answer came. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly kind: ConnectionErrorKind;
  /** True when not one byte of the request was sent: the server surely did nothing. */
  readonly untouched: boolean;

  constructor(init: ConnectionErrorInit) {
    super(`${init.call} at ${init.server}: ${init.message}`, { cause: init.cause });
    this.kind = init.kind;
    this.untouched = init.untouched;
  }
}

export function isNotFound(error: unknown): boolean {
  return hasCode(error, 404);
}

/** The resourceVersion or UID precondition did not hold. AlreadyExists has the same code and is not one. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, 409) && !isAlreadyExists(error);
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'AlreadyExists';
}

/** The resourceVersion or continue token is too old (reasons Gone and Expired). */
export function isGone(error: unknown): boolean {
  return hasCode(error, 410);
}

export function isForbidden(error: unknown): boolean {
  return hasCode(error, 403);
}

/** The object did not pass validation; the same object will never pass. */
export function isInvalid(error: unknown): boolean {
  return hasCode(error, 422);
}

/** True when the request surely changed nothing: every answer below 500, and what never left this process. */
export function surelyDidNothing(error: unknown): boolean {
  if (error instanceof StatusError) return error.code < 500;
  return error instanceof ConnectionError && error.untouched;
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof StatusError && error.code === code;
}
