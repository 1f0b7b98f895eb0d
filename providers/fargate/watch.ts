import type { InstanceListener, OwnerScope, ProviderClock, ProviderLog } from '../contract/index.ts';
import { delay, ProviderError, providerErrorKind } from '../contract/index.ts';
import type { EcsApi } from './api/ecs-api.ts';
import { unhealthyReason } from './task/stop-cause.ts';
import type { Row, TaskTable } from './task-table.ts';
import type { Tasks } from './tasks.ts';

export interface WatchDeps {
  readonly api: Pick<EcsApi, 'stopTask'>;
  readonly tasks: Pick<Tasks, 'look' | 'sweep'>;
  readonly table: TaskTable;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  /** Changes are told by a queue: what runs quietly is looked at less often. */
  readonly pushed: boolean;
}

/** Between two looks at tasks that are on their way somewhere, in milliseconds. */
const movingMs = 1000;
/** Between two looks at a task that runs. */
const quietMs = { polled: 5000, pushed: 60_000 } as const;
/** Between two listings, which find what nobody has told of. */
const sweepMs = 60_000;
const failuresBeforeGivingUp = 5;

/** The loop behind `observe`: few calls for what is quiet, quick ones for what moves, and a listing as a safety net. */
export class Watch {
  readonly #deps: WatchDeps;
  readonly #wakers = new Set<() => void>();
  readonly #poked = new Set<string>();
  #nudges = 0;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Look soon; at this task, or at what moves. */
  nudge(arn?: string): void {
    if (arn !== undefined) this.#poked.add(arn);
    this.#nudges++;
    for (const wake of this.#wakers) wake();
  }

  /** As InstanceProvider.observe. Rejects after five failures in a row, or at once when repeating cannot help. */
  async observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    const { clock, table, tasks } = this.#deps;
    const unsubscribe = table.subscribe(scope, listener, signal);
    try {
      let failures = 0;
      let sweptAt = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        const nudges = this.#nudges;
        const startedAt = clock.now();
        try {
          if (startedAt - sweptAt >= sweepMs) {
            await tasks.sweep(scope, signal);
            sweptAt = startedAt;
          } else await tasks.look(this.#due(scope), signal);
          failures = 0;
          await this.#stopUnhealthy(scope, signal);
        } catch (error) {
          if (signal.aborted) return;
          await delay(clock, this.#restAfter(error, ++failures), signal);
          continue;
        }
        // Never busy more than half of the time, so that other calls find room.
        await delay(clock, Math.max(movingMs / 4, clock.now() - startedAt), signal);
        if (nudges === this.#nudges) await this.#linger(this.#restMs(scope), signal);
      }
    } finally {
      unsubscribe();
    }
  }

  #due(scope: OwnerScope): string[] {
    const now = this.#deps.clock.now();
    const due = this.#deps.table
      .inScope(scope)
      .filter(({ instance: { phase, ref }, lookedAt, probed }) => {
        if (phase === 'Stopped') return false;
        const restMs = this.#deps.pushed && !probed ? quietMs.pushed : quietMs.polled;
        return phase !== 'Running' || this.#poked.has(ref.id) || now - lookedAt >= restMs;
      })
      .map(({ instance }) => instance.ref.id);
    for (const arn of due) this.#poked.delete(arn);
    return due;
  }

  #restMs(scope: OwnerScope): number {
    const moving = this.#deps.table.inScope(scope).some(isMoving);
    return moving ? movingMs * 0.75 : quietMs.polled;
  }

  async #stopUnhealthy(scope: OwnerScope, signal: AbortSignal): Promise<void> {
    const { api, log, table } = this.#deps;
    for (const { instance, unhealthy } of table.inScope(scope)) {
      if (!unhealthy) continue;
      try {
        await api.stopTask(instance.ref.id, unhealthyReason, signal);
        this.nudge(instance.ref.id);
      } catch (error) {
        log.warn({ task: instance.ref.id, error: String(error) }, 'an unhealthy task could not be stopped');
      }
    }
  }

  #restAfter(error: unknown, failures: number): number {
    const kind = providerErrorKind(error);
    if ((kind !== 'Retryable' && kind !== 'Throttled') || failures >= failuresBeforeGivingUp) throw error;
    const step = movingMs * 2 ** failures;
    const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, step / 2 + (this.#deps.random() * step) / 2);
  }

  /** Waits `ms`, or less when nudged. */
  async #linger(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#wakers.add(wake);
    await delay(this.#deps.clock, ms, AbortSignal.any([signal, woken.signal]));
    this.#wakers.delete(wake);
  }
}

function isMoving({ instance: { phase, interruption } }: Row): boolean {
  return phase === 'Pending' || phase === 'Stopping' || interruption !== undefined;
}
