import type {
  ContainerObservation,
  ContainerRuntime,
  Instance,
  InstanceEvent,
  InstanceProvider,
  InstanceSpec,
} from '../../../providers/contract/index.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { createPodRunner } from '../create-pod-runner.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { podSpec, scope } from './specs.ts';

export const never = new AbortController().signal;

/** One Pod on a fake runtime under a fake clock, and a daemon that can be killed and begun anew. */
export class Harness {
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime(this.clock);
  readonly spec: InstanceSpec;
  readonly events: InstanceEvent[] = [];
  daemon: Daemon;
  #last: Instance | undefined;

  constructor(spec: Partial<InstanceSpec> = {}) {
    this.spec = podSpec(spec);
    this.daemon = new Daemon(this.runtime, this.clock);
    this.#observe();
  }

  get provider(): InstanceProvider {
    return this.daemon.provider;
  }

  async create(): Promise<void> {
    this.#last = await this.provider.create(this.spec, 'token-1', never);
    await settle();
  }

  /** kill -9 and a new daemon that lists; `adopt` hands over the spec as the node would. */
  async restart(): Promise<void> {
    this.daemon.kill();
    this.daemon = new Daemon(this.runtime, this.clock);
    this.#observe();
    this.#last = (await this.provider.list(scope, never))[0];
    await settle();
  }

  async adopt(previous?: readonly ContainerObservation[]): Promise<void> {
    await this.provider.adopt?.(this.instance.ref, this.spec, never, previous);
    await settle();
  }

  async stop(gracePeriodSeconds = 30): Promise<void> {
    await this.provider.stop(this.instance.ref, { gracePeriodSeconds }, never);
    await settle();
  }

  async seconds(count: number): Promise<void> {
    await this.clock.advance(count * 1000);
  }

  /** The state published last. */
  get instance(): Instance {
    if (this.#last === undefined) throw new Error('no instance was published');
    return this.#last;
  }

  container(name: string): ContainerObservation {
    const found = this.instance.containers.find((container) => container.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  /** `Running`, `CrashLoopBackOff`, `Completed`, ... */
  stateOf(name: string): string {
    const { state } = this.container(name);
    return state.kind === 'running' ? 'Running' : state.reason;
  }

  /** The calls with this beginning, with seconds since the harness began: `0 start app/0`. */
  calls(...beginnings: string[]): string[] {
    return this.runtime.calls
      .filter(({ text }) => beginnings.some((beginning) => text.startsWith(beginning)))
      .map(({ at, text }) => `${(at - this.#began) / 1000} ${text}`);
  }

  readonly #began = this.clock.now();

  #observe(): void {
    void this.provider.observe(
      scope,
      (event) => {
        this.events.push(event);
        if (event.type === 'changed') this.#last = event.instance;
      },
      never,
    );
  }
}

/** A pod runner cut off from runtime and clock by {@link kill}, as by kill -9: nothing it does has an effect after. */
export class Daemon {
  readonly provider: InstanceProvider;
  /** Counts calls to the runtime; see {@link dieAtCall}. */
  callCount = 0;
  #alive = true;
  #death: { readonly call: number; readonly after: boolean } | undefined;
  readonly #died = new AbortController();

  constructor(runtime: ContainerRuntime, clock: Clock) {
    const gatedClock: Clock = {
      now: () => clock.now(),
      schedule: (ms, callback) => clock.schedule(ms, () => this.#alive && callback()),
    };
    this.provider = createPodRunner({
      runtime: this.#gate(runtime),
      clock: gatedClock,
      random: () => 0.5,
      log: silentLog,
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Dies at its n-th call to the runtime, before or after that took effect. */
  dieAtCall(call: number, after: boolean): void {
    this.#death = { call: this.callCount + call, after };
  }

  kill(): void {
    this.#alive = false;
    this.#died.abort();
  }

  #gate(runtime: ContainerRuntime): ContainerRuntime {
    const call = async <T>(effect: () => Promise<T>): Promise<T> => {
      const number = ++this.callCount;
      const dies = this.#death?.call === number;
      if (dies && !this.#death?.after) this.kill();
      if (!this.#alive) return await new Promise<T>(() => {});
      const result = effect();
      if (dies) this.kill();
      const value = await result;
      return this.#alive ? value : await new Promise<T>(() => {});
    };
    const { attach, diskUsage, portForward } = runtime;
    return {
      name: runtime.name,
      capabilities: () => runtime.capabilities(),
      capacity: (signal) => call(() => runtime.capacity(signal)),
      createSandbox: (...args) => call(() => runtime.createSandbox(...args)),
      startContainer: (...args) => call(() => runtime.startContainer(...args)),
      stopContainer: (...args) => call(() => runtime.stopContainer(...args)),
      removeContainer: (...args) => call(() => runtime.removeContainer(...args)),
      removeSandbox: (...args) => call(() => runtime.removeSandbox(...args)),
      ...(diskUsage && { diskUsage: (...args) => call(() => diskUsage.call(runtime, ...args)) }),
      exec: (...args) => call(() => runtime.exec(...args)),
      ...(attach && { attach: (...args) => call(() => attach.call(runtime, ...args)) }),
      ...(portForward && { portForward: (...args) => call(() => portForward.call(runtime, ...args)) }),
      list: (...args) => call(() => runtime.list(...args)),
      stats: (...args) => call(() => runtime.stats(...args)),
      logs: (...args) => runtime.logs(...args),
      observe: (observed, listener, signal) =>
        runtime.observe(
          observed,
          (event) => this.#alive && listener(event),
          AbortSignal.any([signal, this.#died.signal]),
        ),
    };
  }
}
