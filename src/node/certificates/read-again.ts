import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Renewable } from './certificate-source.ts';

export interface ReadAgainOptions<T> {
  /** For the log: `the certificate in /etc/node.crt`. */
  readonly what: string;
  readonly everyMs: number;
  /** Throws when there is nothing of use at this moment; what was read before then stays. */
  readonly read: (signal: AbortSignal) => Promise<T>;
  readonly isSame: (one: T, other: T) => boolean;
}

export interface ReadAgainDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * What is in a file, or at an API server, read again from time to time. Files are asked and not watched: those of a
 * Secret or a ConfigMap are links to links, and what is watched there is soon another one.
 */
export async function readAgain<T>(
  deps: ReadAgainDeps,
  { what, everyMs, read, isSame }: ReadAgainOptions<T>,
  signal: AbortSignal,
): Promise<Renewable<T>> {
  const { clock, random, log } = deps;
  const first = await read(signal);
  return {
    first,
    async follow(use, until) {
      let last = first;
      let failed = false;
      while (!until.aborted) {
        await pause(clock, Math.round(everyMs * (0.9 + 0.2 * random())), until);
        if (until.aborted) return;
        try {
          const found = await read(until);
          if (!isSame(last, found)) {
            use(found);
            last = found;
            log.info({}, `${what}: there is another one now, and it is used`);
          }
          failed = false;
        } catch (error) {
          if (until.aborted) return;
          if (!failed) log.warn({ error: String(error) }, `${what}: cannot be used; the one before stays`);
          failed = true;
        }
      }
    },
  };
}
