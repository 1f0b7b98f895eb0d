import type { Task } from '@aws-sdk/client-ecs';
import type { EcsApi } from './api/ecs-api.ts';
import { orAborted } from './or-aborted.ts';

/** Of one DescribeTasks, as ECS has it. */
const batchSize = 100;
const timeoutMs = 30_000;

/**
 * Looks at single tasks, in as few calls as there can be: whoever asks while a call is under way shares the next one. A
 * thousand deletes would otherwise be a thousand calls per second.
 */
export class TaskLooks {
  readonly #api: Pick<EcsApi, 'describeTasks'>;
  readonly #asked = new Map<string, PromiseWithResolvers<Task | undefined>>();
  #busy = false;

  constructor(api: Pick<EcsApi, 'describeTasks'>) {
    this.#api = api;
  }

  /** Undefined when ECS does not know it. */
  see(arn: string, signal: AbortSignal): Promise<Task | undefined> {
    let asked = this.#asked.get(arn);
    if (asked === undefined) {
      asked = Promise.withResolvers<Task | undefined>();
      // Who has asked may have left by then.
      asked.promise.catch(() => undefined);
      this.#asked.set(arn, asked);
    }
    const seen = orAborted(asked.promise, signal);
    void this.#work();
    return seen;
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#asked.size > 0) {
      const batch = [...this.#asked].slice(0, batchSize);
      for (const [arn] of batch) this.#asked.delete(arn);
      const arns = batch.map(([arn]) => arn);
      try {
        const { tasks } = await this.#api.describeTasks(arns, AbortSignal.timeout(timeoutMs), 'delete');
        const found = new Map(tasks.map((task) => [task.taskArn, task]));
        for (const [arn, { resolve }] of batch) resolve(found.get(arn));
      } catch (error) {
        for (const [, { reject }] of batch) reject(error);
      }
    }
    this.#busy = false;
  }
}
