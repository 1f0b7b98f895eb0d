import type { Clock } from '../telemetry/clock.ts';

/** The reason with which a scope's signal fires when its time is up. */
export class TimeUp extends Error {
  override readonly name = 'TimeUp';
}

/** The life of one call: ends with the caller's signal or at the deadline, whichever is first. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Ends the call for a reason of its own. */
  abort(reason: Error): void;
  /** Lets go of the timer and of the caller's signal. */
  release(): void;
}

/** `timeoutMs` undefined = no deadline. */
export function callScope(
  clock: Clock,
  timeoutMs: number | undefined,
  outer: AbortSignal | undefined,
): CallScope {
  const controller = new AbortController();
  const onOuter = (): void => controller.abort(outer?.reason);
  const cancel =
    timeoutMs === undefined
      ? () => undefined
      : clock.schedule(timeoutMs, () =>
          controller.abort(new TimeUp(`no complete answer within ${timeoutMs} ms`)),
        );
  if (outer?.aborted) onOuter();
  else outer?.addEventListener('abort', onOuter, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release() {
      cancel();
      outer?.removeEventListener('abort', onOuter);
    },
  };
}

/** The promise's outcome, or the signal's reason as soon as it fires; the promise is then left to itself. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
