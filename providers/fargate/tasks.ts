import { createHash } from 'node:crypto';
import type { Task } from '@aws-sdk/client-ecs';
import type { CallPriority, Instance, OwnerScope, Ownership } from '../contract/index.ts';
import type { Described, EcsApi } from './api/ecs-api.ts';
import { shapeOf, type TaskShape } from './definition/shape.ts';
import type { Definitions } from './definitions.ts';
import { ownerOf } from './task/owner.ts';
import type { TaskTable } from './task-table.ts';

export interface TasksDeps {
  readonly api: Pick<EcsApi, 'describeTasks' | 'listTasks'>;
  readonly definitions: Pick<Definitions, 'shapeOf'>;
  readonly table: TaskTable;
}

/** Who started a task: the one filter that ListTasks has for it. 128 characters at most. */
export function startedBy({ clusterUid, node }: OwnerScope): string {
  const hash = createHash('sha256').update(`${clusterUid}/${node}`).digest('hex').slice(0, 40);
  return `burstlet/${hash}`;
}

/** Looks at tasks, and writes what it sees into the table. */
export class Tasks {
  readonly #deps: TasksDeps;
  /** Stopped tasks of others in the same cluster; looked at once. */
  #strangers: ReadonlySet<string> = new Set();

  constructor(deps: TasksDeps) {
    this.#deps = deps;
  }

  /** Everything in the scope that is not deleted. Complete or rejected. */
  async list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    await this.sweep(scope, signal);
    return this.#deps.table.inScope(scope).map(({ instance }) => instance);
  }

  /** Finds what is not known yet, and looks anew at all that may still change. */
  async sweep(scope: OwnerScope, signal: AbortSignal): Promise<void> {
    const { api, table } = this.#deps;
    // ListTasks takes startedBy with no other filter beside it, and shows only what shall run then. What was asked to
    // stop, and what has stopped, has to be found among that of everyone.
    const running = await api.listTasks({ startedBy: startedBy(scope) }, signal);
    const stopped = await api.listTasks({ desiredStatus: 'STOPPED' }, signal);
    const unknown = [...running, ...stopped].filter(
      (arn) => table.get(arn) === undefined && !table.isForgotten(arn) && !this.#strangers.has(arn),
    );
    const live = table
      .inScope(scope)
      .filter(({ instance }) => instance.phase !== 'Stopped')
      .map(({ instance }) => instance.ref.id);
    const ours = await this.look([...new Set([...live, ...unknown])], signal);
    const found = new Set(ours);
    const others = unknown.filter((arn) => !found.has(arn));
    this.#strangers = new Set(stopped.filter((arn) => this.#strangers.has(arn) || others.includes(arn)));
  }

  /** Looks at these. Returns those that are ours. */
  async look(arns: readonly string[], signal: AbortSignal, priority?: CallPriority): Promise<string[]> {
    if (arns.length === 0) return [];
    const { api, table } = this.#deps;
    const described = await api.describeTasks(arns, signal, priority);
    const ours = await this.#take(described, signal);
    for (const arn of described.missing) table.miss(arn);
    return ours;
  }

  /** Writes one task into the table, whose owner is known. */
  async put(task: Task, owner: Ownership, signal: AbortSignal): Promise<Instance> {
    const { definitions, table } = this.#deps;
    const known = table.get(task.taskArn ?? '')?.shape;
    const shape =
      known?.secrets === undefined ? await definitions.shapeOf(task.taskDefinitionArn ?? '', signal) : known;
    return table.put(task, owner, shape ?? shapeByLooks(task));
  }

  async #take({ tasks }: Described, signal: AbortSignal): Promise<string[]> {
    const ours: string[] = [];
    for (const task of tasks) {
      const { taskArn = '' } = task;
      const owner = ownerOf(task);
      if (owner === undefined) continue;
      await this.put(task, owner, signal);
      ours.push(taskArn);
    }
    return ours;
  }
}

/** Of a task whose definition is forgotten. */
function shapeByLooks({ containers = [] }: Task): TaskShape {
  return { ...shapeOf(containers.map(({ name, image }) => ({ name, image }))), secrets: undefined };
}
