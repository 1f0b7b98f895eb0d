import type {
  ContainerObservation,
  ContainerSpec,
  ContainerState,
  TerminatedState,
} from '../contract/index.ts';
import type { MockExit, MockProgram } from './script.ts';

/** Waits before the runs that follow a failure, as the kubelet's: none before the first, then 10 s, doubled up to 5 min. */
const backOffBaseMs = 10_000;
const backOffCapMs = 300_000;
/** A run of this length clears the back-off. */
const backOffResetMs = 600_000;

const killed = 137;

/** When one run happened; what its log and its usage follow from. */
export interface MockRun {
  readonly id: string;
  readonly startedAt: number;
  /** Infinity while it goes on. */
  readonly endedAt: number;
}

/**
 * One container of a mock instance: a small machine that is told the time. It never looks at a clock; `dueAt` says
 * when it wants to be told again.
 */
export class MockContainer {
  readonly name: string;
  readonly kind: 'init' | 'regular';
  readonly sidecar: boolean;
  readonly program: MockProgram;
  readonly #image: string;
  readonly #restarts: 'Always' | 'OnFailure' | 'Never';
  #run = -1;
  #failures = 0;
  #state: 'waiting' | 'running' | 'ended' = 'waiting';
  #id = '';
  #startedAt = 0;
  /** The next thing that happens by itself: the end of this run, or the start of the next. Infinity = nothing. */
  #turnAt = Number.POSITIVE_INFINITY;
  #exitCode = 0;
  #readyAt = Number.POSITIVE_INFINITY;
  #ready = false;
  #terminating = false;
  /** The run that ended last, and the one before it. */
  #last: TerminatedState | undefined;
  #earlier: TerminatedState | undefined;

  constructor(
    spec: ContainerSpec,
    kind: 'init' | 'regular',
    restartPolicy: 'Always' | 'OnFailure' | 'Never',
    program: MockProgram,
  ) {
    this.name = spec.name;
    this.kind = kind;
    this.sidecar = kind === 'init' && spec.restartPolicy === 'Always';
    this.program = program;
    this.#image = spec.image;
    const policy = spec.restartPolicy ?? restartPolicy;
    this.#restarts = kind === 'init' && !this.sidecar && policy === 'Always' ? 'OnFailure' : policy;
  }

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  /** True once it ended for good. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  get succeeded(): boolean {
    return this.ended && this.#last?.exitCode === 0;
  }

  get begun(): boolean {
    return this.#run >= 0;
  }

  dueAt(): number {
    return Math.min(this.#turnAt, this.#readyAt);
  }

  /** Does what is due at `at`. */
  play(at: number, instanceId: string): void {
    if (this.#readyAt <= at) {
      this.#ready = true;
      this.#readyAt = Number.POSITIVE_INFINITY;
    }
    if (this.#turnAt > at) return;
    if (this.running) this.#end(at, this.#exitCode);
    else this.start(at, instanceId);
  }

  start(at: number, instanceId: string): void {
    this.#run++;
    this.#id = `${instanceId}-${this.name}-${this.#run}`;
    this.#state = 'running';
    this.#startedAt = at;
    const { readyAfterMs } = this.program;
    this.#ready = readyAfterMs === 0;
    this.#readyAt = readyAfterMs > 0 ? at + readyAfterMs : Number.POSITIVE_INFINITY;
    const exit = this.#exitOfRun();
    this.#turnAt = exit === undefined ? Number.POSITIVE_INFINITY : at + exit.afterMs;
    this.#exitCode = exit?.code ?? 0;
    if (this.#turnAt <= at) this.#end(at, this.#exitCode);
  }

  /** SIGTERM: it ends as its program says, and is not started again. */
  terminate(at: number): void {
    this.#terminating = true;
    if (this.running) {
      const { onTerm } = this.program;
      if (onTerm === 'ignore' || at + onTerm.afterMs >= this.#turnAt) return;
      this.#turnAt = at + onTerm.afterMs;
      this.#exitCode = onTerm.code;
      if (this.#turnAt <= at) this.#end(at, this.#exitCode);
    } else if (this.waiting && this.#last !== undefined) {
      this.#state = 'ended';
      this.#turnAt = Number.POSITIVE_INFINITY;
    }
  }

  /** SIGKILL. */
  kill(at: number): void {
    this.terminate(at);
    if (this.running) this.#end(at, killed);
  }

  /** Ends the present run now, as if the program had. */
  exit(at: number, code: number): void {
    if (this.running) this.#end(at, code);
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
    this.#readyAt = Number.POSITIVE_INFINITY;
  }

  /** The current run (the last one while none runs), or the one before it. */
  runOf(previous: boolean): MockRun | undefined {
    if (this.running && !previous)
      return { id: this.#id, startedAt: this.#startedAt, endedAt: Number.POSITIVE_INFINITY };
    const run = this.ended && previous ? this.#earlier : this.#last;
    if (run === undefined) return undefined;
    const { containerId, startedAt, finishedAt } = run;
    return { id: containerId, startedAt: Date.parse(startedAt), endedAt: Date.parse(finishedAt) };
  }

  observe(waitingFor: string): ContainerObservation {
    const before = this.ended ? this.#earlier : this.#last;
    return {
      name: this.name,
      kind: this.kind,
      image: this.#image,
      imageId: '',
      id: this.#id,
      state: this.#observedState(waitingFor),
      restartCount: Math.max(0, this.#run),
      started: this.running,
      ready: this.running ? this.#ready : this.kind === 'init' && this.succeeded,
      ...(before === undefined ? {} : { lastState: before }),
    };
  }

  #observedState(waitingFor: string): ContainerState {
    if (this.running) return { kind: 'running', startedAt: new Date(this.#startedAt).toISOString() };
    if (this.ended && this.#last !== undefined) return this.#last;
    if (this.#last === undefined) return { kind: 'waiting', reason: waitingFor, message: '' };
    const message = `back-off before run ${this.#run + 1} of container ${this.name}`;
    return { kind: 'waiting', reason: 'CrashLoopBackOff', message };
  }

  #exitOfRun(): MockExit | undefined {
    const { exits } = this.program;
    const runsOn = this.kind === 'regular' || this.sidecar;
    return exits[Math.min(this.#run, exits.length - 1)] ?? (runsOn ? undefined : { code: 0, afterMs: 0 });
  }

  #end(at: number, code: number): void {
    this.#earlier = this.#last;
    this.#last = {
      kind: 'terminated',
      exitCode: code,
      reason: code === 0 ? 'Completed' : 'Error',
      message: '',
      startedAt: new Date(this.#startedAt).toISOString(),
      finishedAt: new Date(at).toISOString(),
      containerId: this.#id,
      ...(code > 128 && code <= 192 ? { signal: code - 128 } : {}),
    };
    this.#ready = false;
    this.#readyAt = Number.POSITIVE_INFINITY;
    const again = this.#restarts === 'Always' || (this.#restarts === 'OnFailure' && code !== 0);
    if (this.#terminating || !again) {
      this.#state = 'ended';
      this.#turnAt = Number.POSITIVE_INFINITY;
      return;
    }
    this.#state = 'waiting';
    if (at - this.#startedAt >= backOffResetMs) this.#failures = 0;
    const step = this.#failures === 0 ? 0 : backOffBaseMs * 2 ** Math.min(this.#failures - 1, 10);
    this.#turnAt = at + Math.min(backOffCapMs, step);
    this.#failures++;
  }
}
