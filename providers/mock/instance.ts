import type { Instance, InstancePhase, InstanceSpec, InstanceStats, StopCause } from '../contract/index.ts';
import { MockContainer } from './container.ts';
import type { Sale } from './market.ts';
import { drawMs } from './random.ts';
import type { MockScript } from './script.ts';
import { programOf } from './script.ts';

export interface MockInstanceInit {
  readonly id: string;
  readonly ip: string;
  readonly spec: InstanceSpec;
  readonly token: string;
  readonly script: MockScript;
  /** Absent = this cloud sells nothing. */
  readonly sale?: Sale | undefined;
  readonly now: number;
  readonly random: () => number;
}

/**
 * One instance of the mock cloud. Like its containers it is told the time and never looks at a clock: `play(now)` does
 * everything that was due until then, each at its own moment. It keeps nothing of the spec but what it needs, so that
 * thousands fit in little memory.
 */
export class MockInstance {
  readonly id: string;
  readonly token: string;
  readonly owner: Instance['owner'];
  readonly containers: readonly MockContainer[];
  readonly #ip: string;
  readonly #createdAt: number;
  readonly #hasInit: boolean;
  #startAt: number;
  #endAt: number;
  readonly #endCause: StopCause | undefined;
  readonly #sale: Sale | undefined;
  /** When the end of a market is told of; Infinity = without notice, or told already. */
  #noticeAt = Number.POSITIVE_INFINITY;
  #interruption: Instance['interruption'];
  #endedAt: number | undefined;
  #killAt = Number.POSITIVE_INFINITY;
  #phase: InstancePhase = 'Pending';
  #stopCause: StopCause | undefined;
  #snapshot: Instance | undefined;

  constructor({ id, ip, spec, token, script, sale, now, random }: MockInstanceInit) {
    this.id = id;
    this.token = token;
    this.owner = spec.owner;
    this.#ip = ip;
    this.#createdAt = now;
    this.#startAt = now + drawMs(script.runningAfterMs, random);
    const end = plannedEnd(script, sale, now);
    this.#sale = sale;
    this.#endAt = end.at;
    this.#endCause = end.cause;
    if (end.noticeMs > 0) this.#noticeAt = end.at - end.noticeMs;
    if (sale?.failsAt !== undefined) this.#startAt = Number.POSITIVE_INFINITY;
    const make = (kind: 'init' | 'regular') => (container: InstanceSpec['containers'][number]) =>
      new MockContainer(container, kind, spec.restartPolicy, programOf(script, container.name));
    this.containers = [...spec.initContainers.map(make('init')), ...spec.containers.map(make('regular'))];
    this.#hasInit = spec.initContainers.length > 0;
  }

  get phase(): InstancePhase {
    return this.#phase;
  }

  get live(): boolean {
    return this.#phase !== 'Stopped';
  }

  /** The state after the last `play`; the same object until something changes. */
  get snapshot(): Instance {
    this.#snapshot ??= this.#observe();
    return this.#snapshot;
  }

  /** When the next thing happens by itself; Infinity = never. */
  dueAt(): number {
    if (!this.live) return Number.POSITIVE_INFINITY;
    let due = Math.min(this.#startAt, this.#noticeAt, this.#endAt, this.#killAt);
    for (const container of this.containers) due = Math.min(due, container.dueAt());
    return due;
  }

  /** Does everything that was due until `now`; true when that changed something. */
  play(now: number): boolean {
    let changed = false;
    for (let at = this.dueAt(); at <= now; at = this.dueAt()) {
      this.#turn(at);
      changed = true;
    }
    if (changed) this.#snapshot = undefined;
    return changed;
  }

  /** True when that changed something. */
  stop(now: number, gracePeriodSeconds: number): boolean {
    const killAt = now + gracePeriodSeconds * 1000;
    if (!this.live || killAt >= this.#killAt) return false;
    this.#change(() => this.#terminate(now, killAt));
    return true;
  }

  get purchase(): Sale['purchase'] | undefined {
    return this.#sale?.purchase;
  }

  /** The platform ends it, now or when the time of the notice is over. */
  interrupt(now: number, cause: StopCause, noticeMs = 0): void {
    if (!this.live) return;
    this.#change(() => {
      if (noticeMs > 0) this.#warn(now, now + noticeMs, cause);
      else this.#end(now, cause);
    });
  }

  exit(now: number, container: string, code: number): void {
    this.#change(() => {
      this.#container(container).exit(now, code);
      this.#advance(now);
    });
  }

  setReady(container: string, ready: boolean): void {
    this.#change(() => this.#container(container).setReady(ready));
  }

  /** Of the containers that run now. */
  usage(now: number): InstanceStats {
    return {
      ref: { id: this.id, podUid: this.owner.podUid },
      containers: this.containers.flatMap((container) => {
        const run = container.running ? container.runOf(false) : undefined;
        if (run === undefined) return [];
        const { cpuMillis, memoryBytes } = container.program;
        return {
          name: container.name,
          time: new Date(now).toISOString(),
          startedAt: new Date(run.startedAt).toISOString(),
          // A thousandth of a core for a millisecond is a thousand core-nanoseconds.
          cpuNanoSeconds: Math.round(cpuMillis * 1_000 * Math.max(0, now - run.startedAt)),
          memoryWorkingSetBytes: memoryBytes,
        };
      }),
    };
  }

  #container(name: string): MockContainer {
    const container = this.containers.find((one) => one.name === name);
    if (container === undefined) throw new Error(`instance ${this.id} has no container ${name}`);
    return container;
  }

  #change(change: () => void): void {
    change();
    this.#snapshot = undefined;
  }

  #turn(at: number): void {
    if (this.#endAt <= at && this.#endCause !== undefined) this.#end(at, this.#endCause);
    else if (this.#noticeAt <= at && this.#endCause !== undefined)
      this.#warn(at, this.#endAt, this.#endCause);
    else this.#goOn(at);
  }

  /** The notice of the market: SIGTERM now, SIGKILL at the end. */
  #warn(at: number, endAt: number, cause: StopCause): void {
    this.#noticeAt = Number.POSITIVE_INFINITY;
    this.#interruption = { at: new Date(endAt).toISOString(), message: cause.message };
    this.#stopCause = causeOf(cause);
    this.#terminate(at, Math.min(endAt, this.#killAt));
  }

  #terminate(at: number, killAt: number): void {
    this.#killAt = killAt;
    if (this.#phase === 'Stopping') return;
    this.#phase = 'Stopping';
    this.#startAt = Number.POSITIVE_INFINITY;
    for (const container of this.containers) container.terminate(at);
    this.#advance(at);
  }

  #goOn(at: number): void {
    if (this.#killAt <= at) for (const container of this.containers) container.kill(at);
    if (this.#startAt <= at) {
      this.#startAt = Number.POSITIVE_INFINITY;
      this.#phase = 'Running';
    }
    for (const container of this.containers) container.play(at, this.id);
    this.#advance(at);
  }

  /** Starts what may start now, and stops when nothing is left to run. */
  #advance(at: number): void {
    if (this.#phase === 'Stopped') return;
    if (this.#phase === 'Running') {
      const failed = this.#startInOrder(at);
      const working = this.containers.some(({ kind, ended }) => kind === 'regular' && !ended);
      if (working && !failed) return;
      for (const container of this.containers) if (container.sidecar) container.kill(at);
      this.#stopped(at);
    } else if (this.#phase === 'Stopping' && !this.containers.some(({ running }) => running)) {
      this.#stopped(at);
    }
  }

  #stopped(at: number): void {
    this.#phase = 'Stopped';
    this.#endedAt = at;
  }

  /** True when an init container failed for good. */
  #startInOrder(at: number): boolean {
    for (const container of this.containers) {
      if (!container.begun) container.start(at, this.id);
      if (container.kind === 'regular') continue;
      if (container.ended && !container.succeeded) return true;
      if (!container.ended && !(container.sidecar && container.begun)) return false;
    }
    return false;
  }

  #end(at: number, cause: StopCause): void {
    for (const container of this.containers) container.kill(at);
    this.#endAt = Number.POSITIVE_INFINITY;
    this.#stopped(at);
    this.#stopCause = causeOf(cause);
  }

  /** From its acceptance to its end; what never came to be costs nothing. */
  #billing(): Instance['billing'] {
    if (this.#sale === undefined || this.#sale.failsAt !== undefined) return undefined;
    return {
      startedAt: new Date(this.#createdAt).toISOString(),
      ...(this.#endedAt === undefined ? {} : { endedAt: new Date(this.#endedAt).toISOString() }),
    };
  }

  #observe(): Instance {
    const billing = this.#billing();
    const waitingFor = this.#hasInit ? 'PodInitializing' : 'ContainerCreating';
    return {
      ref: { id: this.id, podUid: this.owner.podUid },
      owner: this.owner,
      phase: this.#phase,
      createdAt: new Date(this.#createdAt).toISOString(),
      ips: this.#phase === 'Pending' ? [] : [this.#ip],
      containers: this.containers.map((container) => container.observe(waitingFor)),
      ...(this.#stopCause === undefined || this.live ? {} : { stopCause: this.#stopCause }),
      ...(this.#interruption === undefined ? {} : { interruption: this.#interruption }),
      ...(billing === undefined ? {} : { billing }),
      ...(this.#phase === 'Pending'
        ? { waiting: { reason: 'Starting', message: 'the mock cloud takes its scripted time' } }
        : {}),
    };
  }
}

interface PlannedEnd {
  readonly at: number;
  readonly cause: StopCause | undefined;
  readonly noticeMs: number;
}

/** The first of what the script and the market have in mind. */
function plannedEnd({ stopCause }: MockScript, sale: Sale | undefined, now: number): PlannedEnd {
  const ends: PlannedEnd[] = [{ at: Number.POSITIVE_INFINITY, cause: undefined, noticeMs: 0 }];
  if (stopCause !== undefined) ends.push({ at: now + stopCause.afterMs, cause: stopCause, noticeMs: 0 });
  if (sale?.failsAt !== undefined) {
    const message = `no stock of ${sale.purchase.size.name}`;
    ends.push({ at: sale.failsAt, cause: { kind: 'OutOfStock', reason: 'NoStock', message }, noticeMs: 0 });
  }
  if (sale?.reclaim !== undefined) {
    const message = `${sale.purchase.offer} takes it back`;
    const cause: StopCause = { kind: 'Interrupted', reason: 'SpotReclaimed', message };
    ends.push({ ...sale.reclaim, cause });
  }
  return ends.reduce((first, end) => (end.at < first.at ? end : first));
}

function causeOf({ kind, reason, message }: StopCause): StopCause {
  return { kind, reason, message };
}
