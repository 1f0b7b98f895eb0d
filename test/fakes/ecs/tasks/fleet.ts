import type { Task } from '@aws-sdk/client-ecs';
import type { ProviderClock } from '../../../../providers/contract/index.ts';
import type { TaskRecord } from './task-record.ts';
import { viewTask } from './task-view.ts';

export interface FleetDeps {
  readonly clock: ProviderClock;
  /** How far reads lag behind, in milliseconds. */
  lagMs(): number;
  /** How long a stopped task can be seen. */
  readonly retentionMs: number;
  /** After every change; `view` is the task as it is now. */
  onChange(task: TaskRecord, view: Task, at: number): void;
}

interface Entry {
  readonly task: TaskRecord;
  /** What readers saw, or will see once the lag has passed. The oldest first. */
  versions: { readonly at: number; readonly view: Task }[];
  cancel: (() => void) | undefined;
}

/** The longest wait that a timer takes. */
const maxTimerMs = 2 ** 31 - 1;

/** Every task that was ever made, each with at most one timer for what happens to it next. */
export class Fleet {
  readonly #deps: FleetDeps;
  /** By id. */
  readonly #entries = new Map<string, Entry>();

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  add(task: TaskRecord): Task {
    const entry: Entry = { task, versions: [], cancel: undefined };
    this.#entries.set(task.id, entry);
    return this.#changed(entry, this.#deps.clock.now());
  }

  /** Brings a task up to the present and does something to it; `act` says whether that changed anything. */
  change(task: TaskRecord, act: (now: number) => boolean): void {
    const entry = this.#entries.get(task.id);
    if (entry === undefined) return;
    const now = this.#deps.clock.now();
    this.#play(entry, now);
    if (act(now)) this.#changed(entry, now);
    this.#play(entry, now);
    this.#arm(entry);
  }

  /** By ARN or id. Brought up to the present; undefined once it is forgotten. */
  find(name: string): TaskRecord | undefined {
    const entry = this.#entry(name);
    return entry !== undefined && this.#isKnown(entry.task) ? entry.task : undefined;
  }

  /** As a reader sees it: late by the lag. Undefined when it is not seen yet, or no more. */
  seen(name: string): { readonly task: TaskRecord; readonly view: Task } | undefined {
    const task = this.find(name);
    const entry = task && this.#entries.get(task.id);
    if (task === undefined || entry === undefined) return undefined;
    const until = this.#deps.clock.now() - this.#deps.lagMs();
    const version = entry.versions.findLast(({ at }) => at <= until);
    return version && { task, view: { ...version.view, tags: [...task.tags] } };
  }

  /** By id, also when it is forgotten otherwise. */
  ever(id: string): TaskRecord | undefined {
    return this.#entry(id)?.task;
  }

  /** Every task ever made, oldest first, brought up to the present. */
  all(): TaskRecord[] {
    for (const entry of this.#entries.values()) this.#play(entry, this.#deps.clock.now());
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /** Drops those that nobody can see any more; returns their ARNs. */
  sweep(): string[] {
    const over = [...this.#entries.values()].map(({ task }) => task).filter((task) => !this.#isKnown(task));
    for (const { id } of over) this.#entries.delete(id);
    return over.map(({ arn }) => arn);
  }

  close(): void {
    for (const { cancel } of this.#entries.values()) cancel?.();
  }

  #entry(name: string): Entry | undefined {
    const entry = this.#entries.get(name.slice(name.lastIndexOf('/') + 1));
    if (entry === undefined || (name.includes(':') && entry.task.arn !== name)) return undefined;
    this.#play(entry, this.#deps.clock.now());
    return entry;
  }

  #isKnown({ life }: TaskRecord): boolean {
    return (life.stoppedAt ?? Number.POSITIVE_INFINITY) + this.#deps.retentionMs > this.#deps.clock.now();
  }

  #play(entry: Entry, now: number): void {
    entry.task.life.play(now, (at) => this.#changed(entry, at));
  }

  #changed(entry: Entry, at: number): Task {
    const view = viewTask(entry.task);
    const until = this.#deps.clock.now() - this.#deps.lagMs();
    entry.versions.push({ at, view });
    const oldest = entry.versions.findLastIndex((version) => version.at <= until);
    if (oldest > 0) entry.versions.splice(0, oldest);
    this.#deps.onChange(entry.task, view, at);
    this.#arm(entry);
    return view;
  }

  #arm(entry: Entry): void {
    entry.cancel?.();
    entry.cancel = undefined;
    const due = entry.task.life.dueAt();
    if (due === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#deps;
    const waitMs = Math.min(maxTimerMs, Math.max(0, due - clock.now()));
    entry.cancel = clock.schedule(waitMs, () => {
      this.#play(entry, clock.now());
      this.#arm(entry);
    });
  }
}
