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
  /**
   * Why a container waits, as a kubelet reason: ErrImagePull, ErrImageNeverPull, InvalidImageName, CreateContainerError,
   * CreateContainerConfigError, ... It becomes `state.waiting.reason`.
   */
  readonly reason?: string;
  readonly cause?: unknown;
}

/** Registered, hence the same symbol in every copy of this module in the process. */
const brand: unique symbol = Symbol.for('burstlet.dev/ProviderError');

/**
 * The only error class that adapters throw on purpose. Anything else counts as Retryable. Messages carry no secrets.
 *
 * A provider installed beside its own copy of this package has a class of its own; `instanceof` sees through that: it
 * asks for the brand, not for the identity of the class.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly [brand] = true;
  readonly kind: ProviderErrorKind;
  readonly retryAfterMs: number | undefined;
  readonly field: string | undefined;
  readonly offer: string | undefined;
  readonly reason: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, details: ProviderErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.retryAfterMs = details.retryAfterMs;
    this.field = details.field;
    this.offer = details.offer;
    this.reason = details.reason;
  }

  static override [Symbol.hasInstance](value: unknown): value is ProviderError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

export function providerErrorKind(error: unknown): ProviderErrorKind {
  return error instanceof ProviderError ? error.kind : 'Retryable';
}
