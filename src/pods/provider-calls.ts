import { ProviderError, type ProviderErrorKind, providerErrorKind } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { PodRecord } from './pod-record.ts';
import type { Verdict } from './status/pod-status.ts';

/** No provider call may take longer; an adapter that wants less has its own bounds. */
const callTimeoutMs = 60_000;

/** Runs a provider call with a bound on its time. The call is told by its signal, and is not waited for after that. */
export async function bounded<T>(
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
  const end = (reason: string): void => {
    const error = new ProviderError('Retryable', reason);
    controller.abort(error);
    giveUp(error);
  };
  const stopped = (): void => end('the node is stopping');
  const cancel = clock.schedule(callTimeoutMs, () =>
    end(`the provider did not answer within ${callTimeoutMs / 1000} s`),
  );
  // Taken off by hand: one listener per call in flight, and no signal that outlives its call.
  signal.addEventListener('abort', stopped);
  try {
    if (signal.aborted) stopped();
    return await Promise.race([call(controller.signal), given]);
  } finally {
    cancel();
    signal.removeEventListener('abort', stopped);
  }
}

/** What a failed create means for its Pod. */
export type CreateFailure =
  /** It can never run here. */
  | { readonly kind: 'refused'; readonly refusal: Verdict }
  | {
      readonly kind: 'waits';
      /** What the Pod shows while it waits. */
      readonly waiting: Verdict;
      readonly waitMs: number;
      /** Whether an instance may have been made all the same. */
      readonly uncertain: boolean;
    };

/** Longest wait between two tries; a shortage is asked after more patiently than a passing fault. */
const waits: Readonly<Record<ProviderErrorKind, { readonly baseMs: number; readonly capMs: number }>> = {
  Retryable: { baseMs: 500, capMs: 60_000 },
  Throttled: { baseMs: 1_000, capMs: 60_000 },
  OutOfStock: { baseMs: 5_000, capMs: 120_000 },
  QuotaExceeded: { baseMs: 5_000, capMs: 120_000 },
  AuthFailed: { baseMs: 5_000, capMs: 300_000 },
  InvalidSpec: { baseMs: 0, capMs: 0 },
  NotFound: { baseMs: 500, capMs: 60_000 },
  Unsupported: { baseMs: 5_000, capMs: 300_000 },
};

/** Milliseconds until the next try after `failures` failed ones in a row. */
export function retryWaitMs(error: unknown, failures: number, random: () => number): number {
  const { baseMs, capMs } = waits[providerErrorKind(error)];
  const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(asked, backoffMs(failures, baseMs, capMs, random));
}

export function createFailure(
  error: unknown,
  record: Readonly<PodRecord>,
  random: () => number,
): CreateFailure {
  const kind = providerErrorKind(error);
  const message = error instanceof Error ? error.message : String(error);
  if (kind === 'InvalidSpec') {
    const field = error instanceof ProviderError && error.field !== undefined ? `${error.field}: ` : '';
    return {
      kind: 'refused',
      refusal: { reason: 'InvalidSpec', message: `Pod was rejected: ${field}${message}` },
    };
  }
  const reason = kind === 'Retryable' ? 'ProviderUnavailable' : kind;
  return {
    kind: 'waits',
    waiting: { reason, message },
    waitMs: retryWaitMs(error, record.failures, random),
    uncertain: kind === 'Retryable' || kind === 'NotFound',
  };
}
