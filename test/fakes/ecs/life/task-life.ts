import type { TaskStopCode } from '@aws-sdk/client-ecs';
import { ContainerLife } from './container-life.ts';
import type { ContainerPlan } from './container-plan.ts';
import { dependencyState, givesUpAt, stoppableFirst } from './dependencies.ts';
import type { Stages } from './stages.ts';

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED';

export interface StopOrder {
  readonly code: TaskStopCode;
  readonly reason: string;
}

export interface TaskLifeDeps {
  readonly createdAt: number;
  readonly stages: Stages;
  readonly containers: readonly ContainerPlan[];
  /** There will be no place for it: it ends instead of leaving PROVISIONING. */
  readonly unplaceable?: StopOrder;
  /** Reads what the task needs once it has a place; why it cannot. */
  readonly prepare?: () => string | undefined;
}

const never = Number.POSITIVE_INFINITY;

/**
 * The life of one task: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html. A machine
 * that is told the time: it never looks at a clock, `dueAt` says when it wants to be told again.
 */
export class TaskLife {
  readonly containers: ReadonlyMap<string, ContainerLife>;
  readonly createdAt: number;
  status: TaskStatus = 'PROVISIONING';
  desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING';
  /** Counts changes. */
  version = 1;
  stop: StopOrder | undefined;
  pullStartedAt: number | undefined;
  pullStoppedAt: number | undefined;
  startedAt: number | undefined;
  stoppingAt: number | undefined;
  executionStoppedAt: number | undefined;
  stoppedAt: number | undefined;
  readonly #stages: Stages;
  readonly #unplaceable: StopOrder | undefined;
  readonly #prepare: () => string | undefined;
  /** When the present stage passes by itself. */
  #turnAt: number;
  /** The end of an interruption notice that runs. */
  #takenAt = never;

  constructor(deps: TaskLifeDeps) {
    this.createdAt = deps.createdAt;
    this.#stages = deps.stages;
    this.#unplaceable = deps.unplaceable;
    this.#prepare = deps.prepare ?? (() => undefined);
    this.#turnAt = deps.createdAt + deps.stages.provisioning;
    this.containers = new Map(deps.containers.map((plan) => [plan.name, new ContainerLife(plan)]));
  }

  dueAt(): number {
    const parts = [...this.containers.values()].map((container) => container.dueAt());
    return Math.min(this.#turnAt, this.#takenAt, this.#giveUpAt(), ...parts);
  }

  /** Does all that is due until `now`, in order. `onStep` hears of each moment at which something changed. */
  play(now: number, onStep: (at: number) => void = () => undefined): void {
    for (let due = this.dueAt(); due <= now; due = this.dueAt()) {
      this.#step(due);
      this.#settle(due);
      this.version++;
      onStep(due);
    }
  }

  /** Asks it to stop. False when that was asked before. */
  requestStop(at: number, order: StopOrder): boolean {
    if (this.desiredStatus === 'STOPPED') return false;
    this.#order(at, order);
    this.#leave(at);
    this.#settle(at);
    this.version++;
    return true;
  }

  /** The platform takes it back after a notice. SIGTERM comes with the notice, and what still runs at its end is killed. */
  interrupt(at: number, noticeMs: number, order: StopOrder): boolean {
    if (this.desiredStatus === 'STOPPED') return false;
    if (this.status !== 'RUNNING') return this.requestStop(at, order);
    this.#order(at, order);
    this.#takenAt = at + noticeMs;
    this.#settle(at);
    this.version++;
    return true;
  }

  state(): { lastStatus: TaskStatus; desiredStatus: 'RUNNING' | 'STOPPED'; stoppedAt: number | undefined } {
    return { lastStatus: this.status, desiredStatus: this.desiredStatus, stoppedAt: this.stoppedAt };
  }

  /** Something was done to a container from outside. */
  touched(at: number): void {
    this.#settle(at);
    this.version++;
  }

  #step(at: number): void {
    if (this.#turnAt <= at) {
      this.#turn(at);
      return;
    }
    if (this.#takenAt <= at) {
      this.#takenAt = never;
      this.#enter('STOPPING', at);
      for (const container of this.containers.values()) container.terminate(at, at);
      return;
    }
    for (const container of this.containers.values()) {
      if (container.dueAt() > at) continue;
      container.play(at);
      return;
    }
    for (const container of this.#waiting())
      if (givesUpAt(container, this.containers) <= at) container.abandon();
  }

  /** A stage has passed. */
  #turn(at: number): void {
    this.#turnAt = never;
    if (this.status === 'PROVISIONING') {
      const stop = this.#unplaceable ?? this.#notPrepared();
      if (stop !== undefined) this.#order(at, stop);
      this.#enter(this.desiredStatus === 'STOPPED' ? 'DEPROVISIONING' : 'PENDING', at);
    } else if (this.status === 'PENDING') {
      this.pullStoppedAt = at;
      this.#pulled(at);
    } else if (this.status === 'ACTIVATING') {
      this.startedAt = at;
      this.#enter('RUNNING', at);
    } else if (this.status === 'DEACTIVATING') this.#enter('STOPPING', at);
    else if (this.status === 'DEPROVISIONING') this.#enter('STOPPED', at);
  }

  /** A task that was asked to stop reads nothing any more. */
  #notPrepared(): StopOrder | undefined {
    const reason = this.desiredStatus === 'STOPPED' ? undefined : this.#prepare();
    return reason === undefined ? undefined : { code: 'TaskFailedToStart', reason };
  }

  #pulled(at: number): void {
    for (const container of this.containers.values()) {
      const { startError } = container.plan.program;
      if (startError === undefined) continue;
      container.abandon(startError);
      this.#order(at, { code: 'TaskFailedToStart', reason: startError });
      this.#leave(at);
      return;
    }
  }

  /** What follows from the present state, until nothing more does. */
  #settle(at: number): void {
    while (this.#follow(at));
  }

  #follow(at: number): boolean {
    const all = [...this.containers.values()];
    if (this.status === 'PENDING' && this.pullStoppedAt !== undefined && this.desiredStatus === 'RUNNING') {
      for (const container of this.#waiting()) {
        const state = dependencyState(container, this.containers);
        if (state === 'open') continue;
        if (state === 'met') container.start(at);
        else container.abandon();
        return true;
      }
      if (all.every(({ status }) => status !== 'PENDING') && all.some(({ begun }) => begun)) {
        this.#enter('ACTIVATING', at);
        return true;
      }
    }
    if (this.desiredStatus === 'RUNNING') {
      const ended = all.find(({ plan, status }) => plan.essential && status === 'STOPPED');
      if (ended === undefined) return false;
      this.#order(at, ended.begun ? essentialExited : failedToStart);
      this.#leave(at);
      return true;
    }
    const done = all.every(({ status }) => status === 'STOPPED');
    if (this.#takenAt < never) {
      for (const container of this.#toTerminate()) {
        container.terminate(at);
        return true;
      }
      if (!done) return false;
      this.#takenAt = never;
      this.#leave(at);
      return true;
    }
    if (this.status !== 'STOPPING') return false;
    for (const container of this.#toTerminate()) {
      container.terminate(at);
      return true;
    }
    if (done) this.#enter('DEPROVISIONING', at);
    return done;
  }

  #toTerminate(): ContainerLife[] {
    return stoppableFirst(this.containers).filter(({ terminating }) => !terminating);
  }

  #order(at: number, order: StopOrder): void {
    this.desiredStatus = 'STOPPED';
    this.stop = order;
    this.stoppingAt = at;
  }

  /** The first stage on the way down. */
  #leave(at: number): void {
    if (this.status === 'RUNNING') this.#enter('DEACTIVATING', at);
    else if (this.status === 'PENDING' || this.status === 'ACTIVATING') this.#enter('STOPPING', at);
  }

  #enter(status: TaskStatus, at: number): void {
    this.status = status;
    this.#turnAt = never;
    const { pulling, activating, deactivating, deprovisioning } = this.#stages;
    if (status === 'PENDING') {
      this.pullStartedAt = at;
      this.#turnAt = at + pulling;
    } else if (status === 'ACTIVATING') this.#turnAt = at + activating;
    else if (status === 'DEACTIVATING') this.#turnAt = at + deactivating;
    else if (status === 'DEPROVISIONING') {
      for (const container of this.#waiting()) container.abandon();
      this.executionStoppedAt = at;
      this.#turnAt = at + deprovisioning;
    } else if (status === 'STOPPED') this.stoppedAt = at;
  }

  #waiting(): ContainerLife[] {
    return [...this.containers.values()].filter(({ status }) => status === 'PENDING');
  }

  #giveUpAt(): number {
    if (this.desiredStatus === 'STOPPED') return never;
    return Math.min(never, ...this.#waiting().map((container) => givesUpAt(container, this.containers)));
  }
}

const essentialExited: StopOrder = {
  code: 'EssentialContainerExited',
  reason: 'Essential container in task exited',
};
const failedToStart: StopOrder = { code: 'TaskFailedToStart', reason: 'Task failed to start' };
