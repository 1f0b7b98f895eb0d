/** What a failed provider call means. An adapter only classifies; the node decides what follows from it. */
export type ProviderErrorKind =
  /** Worth repeating as it is: time-outs, 5xx, resets. The outcome of the call is unknown. */
  | 'Retryable'
  /** Refused for its rate; nothing was done. */
  | 'Throttled'
  /** No stock for this size, zone or market now; nothing was created. */
  | 'OutOfStock'
  /** The account's quota is used up; nothing was created. */
  | 'QuotaExceeded'
  /** The provider will never take this spec. */
  | 'InvalidSpec'
  /** Credentials missing, wrong, expired or without permission. */
  | 'AuthFailed'
  /** No such instance. */
  | 'NotFound'
  /** The provider has no such ability (logs, exec, ...). */
  | 'Unsupported';

export interface ProviderErrorDetails {
  /** Milliseconds to wait, when the provider said so (Throttled, Retryable). */
  readonly retryAfterMs?: number;
  /** The field of the Pod that is at fault (InvalidSpec). */
  readonly field?: string;
  /** The offer that is out of stock (OutOfStock). */
  readonly offer?: string;
  readonly cause?: unknown;
}

/** The only error class that adapters throw on purpose. Anything else counts as Retryable. Messages carry no secrets. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  readonly retryAfterMs: number | undefined;
  readonly field: string | undefined;
  readonly offer: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, details: ProviderErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.retryAfterMs = details.retryAfterMs;
    this.field = details.field;
    this.offer = details.offer;
  }
}

export function providerErrorKind(error: unknown): ProviderErrorKind {
  return error instanceof ProviderError ? error.kind : 'Retryable';
}
