import type {
  ContainerObservation,
  ContainerRuntime,
  ContainerSpec,
  Instance,
  InstancePhase,
  InstanceSpec,
  Notice,
  Ownership,
  ProbeOutcome,
  SandboxState,
  StopCause,
} from '../../providers/contract/index.ts';
import { ProviderError } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import { pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Action } from './actions.ts';
import { messageOf } from './checks/checker.ts';
import type { DiskMemory } from './disk.ts';
import { brokenLimit } from './disk.ts';
import type { Change } from './effects.ts';
import { perform } from './effects.ts';
import { changeNotices, evicted, hookFailed, killing } from './notices.ts';
import type { Plan } from './plan.ts';
import { plan, planWithoutSpec } from './plan.ts';
import { SandboxView } from './sandbox-view.ts';
import { aborted } from './sharing.ts';
import { startErrorOf } from './start-errors.ts';
import type { RunMemory, RunnerState, RunningContainer, StartError, StopRequest } from './state.ts';
import { freshRun, isRunning } from './state.ts';

const retryBaseMs = 1_000;
const retryCapMs = 300_000;
/** Timers of Node.js overflow beyond 24 days; an early look does no harm. */
const longestSleepMs = 3_600_000;
/** pkg/kubelet/eviction, immediateEvictionGracePeriodSeconds. */
const evictionGraceSeconds = 1;

export interface PodRunnerDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Called with every new state of the instance, in order. */
  readonly publish: (instance: Instance) => void;
  readonly notify: (notice: Notice) => void;
  readonly onProbe?: ((outcome: ProbeOutcome) => void) | undefined;
  /** Reads the runtime's list anew and hands this runner its sandbox as it is now. */
  readonly refresh: () => Promise<void>;
}

/** What was last published of a run. */
export type PublishedRun = Pick<ContainerObservation, 'id' | 'started' | 'ready'>;

interface Task {
  readonly action: Action;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

interface Retry {
  readonly attempts: number;
  readonly at: number;
}

/**
 * The loop around {@link plan} for one sandbox. Whatever happens (a snapshot, an effect's end, a timer, a call) makes
 * it plan once more; passes are synchronous and coalesced. Effects run beside them: what the plan names and is not
 * under way is started, what it no longer names is aborted.
 */
export class PodRunner {
  readonly #deps: PodRunnerDeps;
  readonly #view: SandboxView;
  /** Aborted when no more effects are wanted. */
  readonly #work = new AbortController();
  readonly #tasks = new Map<string, Task>();
  readonly #retries = new Map<string, Retry>();
  readonly #memory = new Map<string, RunMemory>();
  readonly #startErrors = new Map<string, StartError>();
  readonly #ephemeral = new Map<string, ContainerSpec>();
  #spec: InstanceSpec | undefined;
  #supervisedSince: number;
  #stop: StopRequest | undefined;
  #stopCause: StopCause | undefined;
  #disk: DiskMemory;
  #phase: InstancePhase = 'Pending';
  #published: Instance | undefined;
  #publishedText = '';
  /** Runs of which it was said that they are being killed. */
  readonly #killing = new Set<string>();
  #disposed = false;
  #passQueued = false;
  #revision = 0;
  #cancelTimer: () => void = () => {};

  constructor(deps: PodRunnerDeps, sandbox: SandboxState) {
    this.#deps = deps;
    this.#view = new SandboxView(sandbox);
    this.#supervisedSince = deps.clock.now();
    this.#disk = { lookedAt: deps.clock.now(), tookMs: 0 };
    this.#wake();
  }

  /** Of the sandbox, and so of the instance. */
  get id(): string {
    return this.#view.state.id;
  }

  get owner(): Ownership {
    return this.#view.state.owner;
  }

  /** Counts what was learned from the runtime, so that an older answer can be told from a newer one. */
  get revision(): number {
    return this.#revision;
  }

  get instance(): Instance {
    return this.#plan().instance;
  }

  /** The current run of a container; throws in the kubelet's words (kubelet_pods.go GetExec) when it does not run. */
  running(name: string): RunningContainer {
    const runs = this.#view.state.containers.filter(isRunning).filter((run) => run.name === name);
    const latest = runs.toSorted((a, b) => b.run - a.run)[0];
    if (latest === undefined)
      throw new ProviderError('NotFound', `container not found (${JSON.stringify(name)})`);
    return latest;
  }

  /**
   * Takes the spec and begins to supervise. Runs that are there already were started by an earlier process: their
   * postStart hooks count as done, and `previous`, the last published status, tells what their probes had found.
   */
  supervise(spec: InstanceSpec, previous: readonly PublishedRun[] = []): void {
    if (this.#spec === undefined) {
      this.#supervisedSince = this.#deps.clock.now();
      for (const run of this.#view.state.containers) if (isRunning(run)) this.#inherit(run.id, previous);
    }
    this.#spec = spec;
    this.#wake();
  }

  /** Begins to supervise one more container. The first spec of a name holds. */
  add(container: ContainerSpec): void {
    if (!this.#ephemeral.has(container.name)) this.#ephemeral.set(container.name, container);
    this.#wake();
  }

  observe(sandbox: SandboxState): void {
    this.#revision++;
    this.#view.apply(sandbox, this.#deps.clock.now());
    this.#wake();
  }

  requestStop(gracePeriodSeconds: number): void {
    const deadline = this.#deps.clock.now() + Math.max(1, gracePeriodSeconds) * 1000;
    this.#stop = { deadline: Math.min(deadline, this.#stop?.deadline ?? deadline) };
    this.#wake();
  }

  /** Acts no more, but goes on observing: the sandbox is about to be removed. Resolves when no effect is under way. */
  async halt(): Promise<void> {
    this.#work.abort();
    this.requestStop(0);
    await Promise.all([...this.#tasks.values()].map((task) => task.done));
  }

  /** Ends this object; the sandbox is left as it is. Resolves when no effect is under way. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#cancelTimer();
    await this.halt();
  }

  #wake(): void {
    if (this.#passQueued) return;
    this.#passQueued = true;
    queueMicrotask(() => {
      this.#passQueued = false;
      if (!this.#disposed) this.#pass();
    });
  }

  #plan(): Plan {
    const state: RunnerState = {
      sandbox: this.#view.state,
      supervisedSince: this.#supervisedSince,
      ...(this.#stop && { stop: this.#stop }),
      ...(this.#stopCause && { stopCause: this.#stopCause }),
      ...(this.#deps.runtime.diskUsage && { disk: this.#disk }),
      ephemeral: this.#ephemeral,
      runs: this.#memory,
      startErrors: this.#startErrors,
      starting: [...this.#tasks.values()].some(({ action }) => action.kind === 'start'),
      phase: this.#phase,
    };
    const now = this.#deps.clock.now();
    const made = this.#spec === undefined ? planWithoutSpec(state, now) : plan(this.#spec, state, now);
    this.#phase = made.instance.phase;
    return made;
  }

  #pass(): void {
    const { actions, instance, wakeAt } = this.#plan();
    const wakes = wakeAt === undefined ? [] : [wakeAt];
    this.#publish(instance);
    const wanted = new Set(actions.map((action) => action.key));
    for (const [key, task] of this.#tasks) if (!wanted.has(key)) task.controller.abort();
    for (const key of this.#retries.keys()) if (!wanted.has(key)) this.#retries.delete(key);
    const now = this.#deps.clock.now();
    for (const action of this.#work.signal.aborted ? [] : actions) {
      const retryAt = this.#retries.get(action.key)?.at ?? now;
      if (retryAt > now) wakes.push(retryAt);
      else if (!this.#tasks.has(action.key)) this.#launch(action);
    }
    this.#cancelTimer();
    if (wakes.length > 0)
      this.#cancelTimer = this.#deps.clock.schedule(
        Math.min(longestSleepMs, Math.max(0, Math.min(...wakes) - now)),
        () => this.#wake(),
      );
  }

  #publish(instance: Instance): void {
    const text = JSON.stringify(instance);
    if (text === this.#publishedText) return;
    this.#deps.publish(instance);
    // What was there before this process has been told by another one.
    if (this.#published !== undefined)
      for (const notice of changeNotices(this.#published, instance)) this.#deps.notify(notice);
    this.#publishedText = text;
    this.#published = instance;
  }

  #launch(action: Action): void {
    if (action.kind === 'preStop' || action.kind === 'stop') this.#sayKilling(action.containerId);
    const controller = new AbortController();
    const done = this.#run(action, AbortSignal.any([controller.signal, this.#work.signal])).finally(() => {
      this.#tasks.delete(action.key);
      this.#wake();
    });
    this.#tasks.set(action.key, { action, controller, done });
  }

  #sayKilling(id: string): void {
    const run = this.#view.state.containers.find((container) => container.id === id);
    if (run === undefined || this.#killing.has(id)) return;
    this.#killing.add(id);
    this.#deps.notify(killing(run.name, this.#memory.get(id) ?? freshRun));
  }

  /** Never rejects. */
  async #run(action: Action, signal: AbortSignal): Promise<void> {
    const { runtime, clock, log, notify, onProbe } = this.#deps;
    try {
      const context = { runtime, clock, log, notify, onProbe, sandbox: this.#view.state };
      this.#apply(await perform(action, context, signal));
      this.#retries.delete(action.key);
    } catch (error) {
      if (!signal.aborted) this.#failed(action, error);
      else if (action.kind === 'start') await this.#confirm();
      else if (action.kind === 'preStop' && !this.#work.signal.aborted)
        this.#sayHookCutOff(action.containerId);
    }
  }

  /** Its time was up, or its container ended first. */
  #sayHookCutOff(id: string): void {
    const run = this.#view.state.containers.find((container) => container.id === id);
    if (run !== undefined) this.#deps.notify(hookFailed(run.name, 'preStop'));
  }

  #apply(change: Change): void {
    if (change.kind === 'started') {
      this.#revision++;
      this.#startErrors.delete(change.run.name);
      this.#view.started(change.run);
    } else if (change.kind === 'removed') {
      this.#memory.delete(change.containerId);
      this.#killing.delete(change.containerId);
      this.#view.removed(change.containerId);
    } else if (change.kind === 'measured') {
      this.#disk = { lookedAt: this.#deps.clock.now(), tookMs: change.tookMs };
      const message = this.#spec && brokenLimit(this.#spec, this.#view.state, change.usage);
      if (message !== undefined && this.#stop === undefined) this.#evict(message);
    } else {
      const memory = this.#memory.get(change.containerId) ?? freshRun;
      this.#memory.set(change.containerId, change.update(memory));
    }
  }

  #evict(message: string): void {
    this.#stopCause = { kind: 'Evicted', reason: 'Evicted', message };
    this.#deps.notify(evicted(message));
    this.requestStop(evictionGraceSeconds);
  }

  #failed(action: Action, error: unknown): void {
    const { clock, random, log } = this.#deps;
    const now = clock.now();
    const { namespace, name, podUid } = this.owner;
    const fields = { namespace, pod: name, podUid, action: action.key, err: messageOf(error) };
    log.warn(fields, 'container runtime failed, will try again');
    if (action.kind === 'start') {
      const known = this.#startErrors.get(action.container.name);
      const before = known?.run === action.run ? known.attempts : 0;
      this.#startErrors.set(action.container.name, startErrorOf(error, action.run, before, now, random));
      return;
    }
    const attempts = (this.#retries.get(action.key)?.attempts ?? 0) + 1;
    const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(asked, backoffMs(attempts - 1, retryBaseMs, retryCapMs, random));
    this.#retries.set(action.key, { attempts, at: now + waitMs });
  }

  /** After a start that was called off: it may have come to pass all the same, and only the runtime can say. */
  async #confirm(): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (let attempt = 0; !this.#work.signal.aborted; attempt++) {
      try {
        return await Promise.race([this.#deps.refresh(), aborted(this.#work.signal)]);
      } catch (error) {
        log.warn({ podUid: this.owner.podUid, err: messageOf(error) }, 'cannot list the runtime');
        await pause(clock, backoffMs(attempt, retryBaseMs, retryCapMs, random), this.#work.signal);
      }
    }
  }

  #inherit(id: string, previous: readonly PublishedRun[]): void {
    const known = previous.find((observation) => observation.id === id);
    const now = this.#deps.clock.now();
    const seed = (success: boolean) => ({
      streak: 0,
      ...(success ? ({ result: 'success', resultAt: now } as const) : {}),
    });
    this.#memory.set(id, {
      ...this.#memory.get(id),
      postStart: 'done',
      inheritedAt: now,
      ...(known && {
        spread: this.#deps.random(),
        startup: seed(known.started),
        readiness: seed(known.ready),
      }),
    });
  }
}
