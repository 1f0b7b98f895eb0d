import { ProviderError } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';

/** How long a call that was told to give up may take to say how it ended. */
const settleMs = 5_000;

/**
 * Makes a call with a time limit. When the limit or the caller's signal asks to give up, the call is aborted and given
 * a moment to settle: if it succeeded after all, that is the answer. Never waits for ever.
 */
export function bounded<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    let cancel = clock.schedule(timeoutMs, () => {
      giveUp(new ProviderError('Retryable', `no answer within ${timeoutMs / 1000} s`));
    });
    const onAbort = (): void => giveUp(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();

    invoke().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(controller.signal.aborted ? controller.signal.reason : error)),
    );

    async function invoke(): Promise<T> {
      controller.signal.throwIfAborted();
      return await call(controller.signal);
    }
    function giveUp(reason: unknown): void {
      if (controller.signal.aborted) return;
      cancel();
      cancel = clock.schedule(settleMs, () => end(() => reject(reason)));
      controller.abort(reason);
    }
    function end(settle: () => void): void {
      cancel();
      signal.removeEventListener('abort', onAbort);
      settle();
    }
  });
}
