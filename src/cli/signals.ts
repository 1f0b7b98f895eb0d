import { constants } from 'node:os';
import { type Clock, systemClock } from '../telemetry/clock.ts';

/**
 * A Ctrl-C below npm may come twice: from the terminal, which tells every process in front, and from npm, which passes
 * on what it was told. Nobody presses again so soon.
 */
const echoMs = 500;

/**
 * Aborts on the first SIGINT, SIGTERM or end of the terminal; the second ends the process at once. `onFirst` says what
 * happens now. Returns the signal and the way to take the handlers off.
 */
export function untilInterrupted(
  onFirst: (name: string) => void,
  clock: Pick<Clock, 'now'> = systemClock,
): {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
} {
  const controller = new AbortController();
  // Whoever ignores hang-ups (nohup) sends the output elsewhere, and is to be left alone.
  const names = process.stdout.isTTY
    ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    : (['SIGINT', 'SIGTERM'] as const);
  let firstAt = 0;
  const handler = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = clock.now();
      onFirst(name);
      controller.abort();
    } else if (clock.now() - firstAt >= echoMs) {
      process.exit(128 + constants.signals[name]);
    }
  };
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, handler);
    },
  };
}

/** Resolves when the signal fires, at once when it has. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
