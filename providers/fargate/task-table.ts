import { isDeepStrictEqual } from 'node:util';
import type { Task } from '@aws-sdk/client-ecs';
import type { Instance, InstanceListener, OwnerScope, Ownership, ProviderClock } from '../contract/index.ts';
import { inScope } from '../contract/index.ts';
import type { TaskShape } from './definition/shape.ts';
import type { Forgotten } from './forgotten.ts';
import { instanceOf, type Sightings, withLook } from './task/instance-of.ts';

export interface Row {
  readonly instance: Instance;
  /** Task.version: counts the changes of a task. */
  readonly version: number;
  readonly seen: Sightings;
  /** Milliseconds since the epoch of the last look. */
  readonly lookedAt: number;
  /** Looks in a row that found no such task. */
  readonly misses: number;
  /** How to read it. */
  readonly shape: TaskShape;
  /** It has a health check, whose result no event tells. */
  readonly probed: boolean;
  /** A liveness probe failed, and nobody has stopped it yet. */
  readonly unhealthy: boolean;
}

/** A new task may not be found for a moment (API_RunTask: eventual consistency). */
const settleMs = 60_000;
const missesToBeGone = 3;

/** The tasks that are known to be ours, as they were seen last. What changes is told at once, in order. */
export class TaskTable {
  readonly #clock: ProviderClock;
  readonly #forgotten: Forgotten;
  readonly #rows = new Map<string, Row>();
  readonly #listeners = new Set<(instance: Instance, gone: boolean) => void>();

  constructor(deps: { readonly clock: ProviderClock; readonly forgotten: Forgotten }) {
    this.#clock = deps.clock;
    this.#forgotten = deps.forgotten;
  }

  get(arn: string): Row | undefined {
    return this.#rows.get(arn);
  }

  inScope(scope: OwnerScope): Row[] {
    return [...this.#rows.values()].filter(({ instance }) => inScope(instance.owner, scope));
  }

  /** ARNs of the stored secrets that tasks which have not ended may need. Undefined = it is not known of all of them. */
  secretsInUse(scope: OwnerScope): ReadonlySet<string> | undefined {
    const used = new Set<string>();
    for (const { instance, shape } of this.inScope(scope)) {
      if (instance.phase === 'Stopped') continue;
      if (shape.secrets === undefined) return undefined;
      for (const arn of shape.secrets) used.add(arn);
    }
    return used;
  }

  /** The listener hears of changes in the scope until the signal fires. */
  subscribe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): () => void {
    const hear = (instance: Instance, gone: boolean): void => {
      if (signal.aborted || !inScope(instance.owner, scope)) return;
      listener(gone ? { type: 'gone', ref: instance.ref } : { type: 'changed', instance });
    };
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** The listener hears that something has changed about one task. */
  follow(arn: string, listener: () => void): () => void {
    const hear = (instance: Instance): void => {
      if (instance.ref.id === arn) listener();
    };
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** What a look found. An answer that is older than what is known changes nothing. */
  put(task: Task, owner: Ownership, shape: TaskShape): Instance {
    const arn = task.taskArn ?? '';
    const now = this.#clock.now();
    const before = this.#rows.get(arn);
    const version = task.version ?? 0;
    if (before !== undefined && version < before.version) return before.instance;
    const first: Sightings = { ended: {}, firstSeenAt: new Date(now).toISOString() };
    const seen = withLook(before?.seen ?? first, task, now);
    const read = instanceOf(task, owner, shape, seen);
    const changed = before === undefined || !isDeepStrictEqual(before.instance, read);
    const instance = changed ? read : before.instance;
    // Deleted, and shown by ECS for a while yet.
    if (this.#forgotten.has(arn)) return instance;
    const unhealthy = task.desiredStatus === 'RUNNING' && failsLiveness(task, shape);
    const probed = shape.containers.some(({ health }) => health.length > 0);
    this.#rows.set(arn, { instance, version, seen, lookedAt: now, misses: 0, shape, probed, unhealthy });
    if (changed) this.#tell(instance, false);
    return instance;
  }

  /** A look did not find it. After some of them it is gone. */
  miss(arn: string): void {
    const row = this.#rows.get(arn);
    if (row === undefined) return;
    const misses = row.misses + 1;
    if (misses >= missesToBeGone && !this.isNew(arn)) this.#remove(arn);
    else this.#rows.set(arn, { ...row, misses, lookedAt: this.#clock.now() });
  }

  /** It was deleted: it does not come back, whatever ECS shows. */
  forget(arn: string): void {
    this.#forgotten.add(arn);
    this.#remove(arn);
  }

  /** So new that ECS may not find it yet. */
  isNew(arn: string): boolean {
    const row = this.#rows.get(arn);
    return row !== undefined && this.#clock.now() - Date.parse(row.seen.firstSeenAt) < settleMs;
  }

  isForgotten(arn: string): boolean {
    return this.#forgotten.has(arn);
  }

  #remove(arn: string): void {
    const row = this.#rows.get(arn);
    if (row === undefined) return;
    this.#rows.delete(arn);
    this.#tell(row.instance, true);
  }

  #tell(instance: Instance, gone: boolean): void {
    for (const hear of this.#listeners) hear(instance, gone);
  }
}

/** ECS stops unhealthy tasks of services only; those that were run by themselves it leaves alone. */
function failsLiveness({ containers = [] }: Task, shape: TaskShape): boolean {
  return shape.containers.some(
    ({ name, health }) =>
      health.includes('liveness') &&
      containers.some((container) => container.name === name && container.healthStatus === 'UNHEALTHY'),
  );
}
