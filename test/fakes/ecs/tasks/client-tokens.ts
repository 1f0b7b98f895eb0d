import type { RunTaskRequest, Task } from '@aws-sdk/client-ecs';
import { invalidParameter, ServiceError } from '../door/service-error.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** What became of a task, for an answer that is given again. */
export interface TokenTask {
  readonly arn: string;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly stoppedAt: number | undefined;
}

interface Remembered {
  readonly parameters: string;
  readonly answer: readonly Task[];
  readonly at: number;
}

/**
 * Idempotency of RunTask: docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html. A token counts within
 * its cluster, for 24 hours or until an hour after its tasks stopped, whichever is shorter.
 */
export class ClientTokens {
  readonly #remembered = new Map<string, Remembered>();
  readonly #look: (arn: string) => TokenTask | undefined;

  constructor(look: (arn: string) => TokenTask | undefined) {
    this.#look = look;
  }

  /** The answer that was given to this token before. Throws ConflictException when the parameters are others. */
  replay(cluster: string, request: RunTaskRequest, now: number): readonly Task[] | undefined {
    const { clientToken } = request;
    if (clientToken === undefined) return undefined;
    if (!/^[!-~]{1,64}$/.test(clientToken))
      throw invalidParameter('clientToken takes up to 64 ASCII characters in the range of 33-126.');
    const key = `${cluster} ${clientToken}`;
    const known = this.#remembered.get(key);
    if (known === undefined) return undefined;
    const tasks = this.#tasksOf(known);
    if (isOver(known, tasks, now)) {
      this.#remembered.delete(key);
      return undefined;
    }
    if (known.parameters !== parametersOf(request))
      throw new ServiceError(
        'ConflictException',
        'The client token was used before with different parameters.',
        { fields: { resourceIds: known.answer.map(({ taskArn }) => taskArn) } },
      );
    return known.answer.map((task, index) => {
      const { arn, lastStatus, desiredStatus, stoppedAt } = tasks[index] ?? {};
      return stoppedAt === undefined ? task : { taskArn: arn, lastStatus, desiredStatus };
    });
  }

  /** An answer without tasks is over at once: the token may be used again. */
  remember(cluster: string, request: RunTaskRequest, answer: readonly Task[], now: number): void {
    const { clientToken } = request;
    if (clientToken === undefined) return;
    this.#remembered.set(`${cluster} ${clientToken}`, { parameters: parametersOf(request), answer, at: now });
  }

  /** Drops what counts no more. */
  sweep(now: number): void {
    for (const [key, known] of this.#remembered)
      if (isOver(known, this.#tasksOf(known), now)) this.#remembered.delete(key);
  }

  #tasksOf({ answer }: Remembered): (TokenTask | undefined)[] {
    return answer.map(({ taskArn = '' }) => this.#look(taskArn));
  }
}

function isOver({ at }: Remembered, tasks: readonly (TokenTask | undefined)[], now: number): boolean {
  if (now >= at + dayMs) return true;
  return tasks.every((task) => task === undefined || (task.stoppedAt ?? now) + hourMs <= now);
}

function parametersOf(request: RunTaskRequest): string {
  return JSON.stringify(request, (key, value) => {
    if (key === 'clientToken') return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
