import type { InstanceRef, ProviderClock } from '../contract/index.ts';
import { delay, ProviderError, providerErrorKind } from '../contract/index.ts';
import type { EcsApi } from './api/ecs-api.ts';
import { isOver } from './task/phase.ts';
import { stopReason } from './task/stop-cause.ts';
import type { TaskLooks } from './task-looks.ts';
import type { TaskTable } from './task-table.ts';
import type { Tasks } from './tasks.ts';

export interface EndsDeps {
  readonly api: Pick<EcsApi, 'stopTask'>;
  readonly looks: TaskLooks;
  readonly tasks: Pick<Tasks, 'put'>;
  readonly table: TaskTable;
  readonly clock: ProviderClock;
}

/** A delete waits this long for the end of a task; the node calls again. */
const patienceMs = 45_000;
const periodMs = 1000;
/** Nothing else is a task of ECS. */
const taskArn = /^arn:[\w-]+:ecs:[\w-]+:\d{12}:task\/\S+$/;

/** Ends tasks. ECS sends SIGTERM, and SIGKILL after the stopTimeout of the definition: there is no other way to end one. */
export class Ends {
  readonly #deps: EndsDeps;

  constructor(deps: EndsDeps) {
    this.#deps = deps;
  }

  /** As InstanceProvider.stop. The grace period was fixed when the task was made. */
  async stop({ id }: InstanceRef, signal: AbortSignal): Promise<void> {
    const { table } = this.#deps;
    if (table.get(id)?.instance.phase === 'Stopped') return;
    if (!taskArn.test(id) || table.isForgotten(id) || !(await this.#ask(id, signal)))
      throw new ProviderError('NotFound', `no task ${id}`);
  }

  /** As InstanceProvider.delete. Rejects as Retryable while the task still ends: at AWS nothing can hurry it. */
  async delete({ id }: InstanceRef, signal: AbortSignal): Promise<void> {
    const { clock, table } = this.#deps;
    if (!taskArn.test(id) || table.isForgotten(id)) return;
    const giveUpAt = clock.now() + patienceMs;
    if (table.get(id)?.instance.phase !== 'Stopped' && (await this.#ask(id, signal)))
      while (!(await this.#hasEnded(id, clock.now() >= giveUpAt, signal))) {
        if (clock.now() >= giveUpAt)
          throw new ProviderError('Retryable', `StopTask: the task still ends after ${patienceMs / 1000} s`, {
            retryAfterMs: periodMs,
          });
        await delay(clock, periodMs, signal);
        signal.throwIfAborted();
      }
    table.forget(id);
  }

  /** False when there is no such task. */
  async #ask(id: string, signal: AbortSignal): Promise<boolean> {
    const { api, table } = this.#deps;
    try {
      await api.stopTask(id, stopReason, signal);
      return true;
    } catch (error) {
      if (providerErrorKind(error) !== 'NotFound') throw error;
      if (table.isNew(id))
        throw new ProviderError('Retryable', 'StopTask: ECS does not know the new task yet', {
          cause: error,
        });
      return false;
    }
  }

  /** Its end is booked, so that its bill is known. `late`: that nothing of it can run any more is enough. */
  async #hasEnded(id: string, late: boolean, signal: AbortSignal): Promise<boolean> {
    const { looks, table, tasks } = this.#deps;
    const row = table.get(id);
    if (row?.instance.phase === 'Stopped') return true;
    const task = await looks.see(id, signal);
    // StopTask knew it, so it is there, and is not shown yet.
    if (task === undefined) return false;
    if (row !== undefined) await tasks.put(task, row.instance.owner, signal);
    return task.lastStatus === 'STOPPED' || task.lastStatus === 'DELETED' || (late && isOver(task));
  }
}
