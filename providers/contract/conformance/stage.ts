import { AssertionError } from 'node:assert';
import { randomUUID } from 'node:crypto';
import type { Instance, InstanceRef } from '../instance.ts';
import type { InstanceSpec } from '../instance-spec.ts';
import type { LogEntry, LogQuery } from '../logs.ts';
import type { OwnerScope } from '../ownership.ts';
import { instanceToken } from '../ownership.ts';
import type { InstanceProvider, ProviderLog } from '../provider.ts';
import type { ConformanceBackend, ConformanceHarness, Patience } from './harness.ts';
import { defaultPatience } from './harness.ts';
import { Observation } from './observation.ts';
import type { SpecWishes } from './spec.ts';
import { conformanceSpec } from './spec.ts';
import { within } from './within.ts';

/**
 * What one case plays on: a backend, the provider of the moment, a scope of its own, and an observation that began
 * before anything was created. At the end everything is deleted and nothing may be left.
 */
export class Stage {
  readonly scope: OwnerScope;
  readonly patience: Patience;
  readonly #harness: ConformanceHarness;
  readonly #backend: ConformanceBackend;
  readonly #logged: string[] = [];
  #provider: InstanceProvider | undefined;
  #observation: Observation | undefined;

  private constructor(harness: ConformanceHarness, backend: ConformanceBackend) {
    this.#harness = harness;
    this.#backend = backend;
    this.patience = { ...defaultPatience, ...harness.patience };
    this.scope = { clusterUid: randomUUID(), node: `conformance-${randomUUID().slice(0, 8)}` };
  }

  /** Sets the stage, plays, and strikes it, whatever happened. */
  static async play(harness: ConformanceHarness, act: (stage: Stage) => Promise<void>): Promise<void> {
    const stage = new Stage(harness, await harness.backend());
    try {
      await stage.#connect();
      await act(stage);
      await stage.#clear();
    } finally {
      await stage.#strike();
    }
  }

  get provider(): InstanceProvider {
    if (this.#provider === undefined) throw new Error('the stage is not set');
    return this.#provider;
  }

  get observation(): Observation {
    if (this.#observation === undefined) throw new Error('the stage is not set');
    return this.#observation;
  }

  /** A signal that fires when a call has taken too long. */
  signal(): AbortSignal {
    return AbortSignal.timeout(this.patience.call * 1000);
  }

  spec(wishes: Omit<SpecWishes, 'scope' | 'image'> & { readonly scope?: OwnerScope }): InstanceSpec {
    const spec = conformanceSpec({
      scope: this.scope,
      image: this.#harness.image ?? 'busybox:1.36',
      ...wishes,
    });
    const programs = { ...wishes.initContainers, ...wishes.containers };
    return this.#harness.arrange?.(spec, programs) ?? spec;
  }

  async create(spec: InstanceSpec): Promise<Instance> {
    const created = await this.call('create', (provider, signal) =>
      provider.create(spec, instanceToken(spec.owner), signal),
    );
    this.observation.expect(created);
    return created;
  }

  /** Creates, and waits until every regular container runs and is ready. */
  async start(spec: InstanceSpec): Promise<Instance> {
    const { ref } = await this.create(spec);
    const runs = ({ containers }: Instance): boolean =>
      spec.containers.every(({ name }) =>
        containers.some((one) => one.name === name && one.state.kind === 'running' && one.ready),
      );
    const instance = await this.observation.until(
      ref,
      'has all its containers running',
      this.patience.start,
      (seen) => runs(seen) || seen.phase === 'Stopped',
    );
    if (runs(instance)) return instance;
    const states = JSON.stringify(instance.containers.map(({ name, state }) => ({ name, ...state })));
    throw new AssertionError({ message: `instance ${ref.id} stopped instead of running: ${states}` });
  }

  /** Creates, and waits until it stopped by itself. */
  async run(spec: InstanceSpec): Promise<Instance> {
    const { ref } = await this.create(spec);
    return this.stopped(ref, this.patience.start + this.patience.end);
  }

  stopped(ref: InstanceRef, seconds = this.patience.end): Promise<Instance> {
    return this.observation.until(ref, 'is Stopped', seconds, ({ phase }) => phase === 'Stopped');
  }

  stop(ref: InstanceRef, gracePeriodSeconds: number): Promise<void> {
    return this.call('stop', (provider, signal) => provider.stop(ref, { gracePeriodSeconds }, signal));
  }

  delete(ref: InstanceRef): Promise<void> {
    return this.call('delete', (provider, signal) => provider.delete(ref, signal));
  }

  list(scope: OwnerScope = this.scope): Promise<readonly Instance[]> {
    return this.call('list', (provider, signal) => provider.list(scope, signal));
  }

  /** The instances of the list under that Pod UID. */
  async listed(podUid: string): Promise<Instance[]> {
    return (await this.list()).filter(({ ref }) => ref.podUid === podUid);
  }

  /** Reads a log until it ends, or until `enough` says so. */
  async log(
    ref: InstanceRef,
    query: Partial<LogQuery> & { readonly container: string },
    enough: (entries: readonly LogEntry[]) => boolean = () => false,
  ): Promise<LogEntry[]> {
    const { provider } = this;
    if (provider.logs === undefined) throw new AssertionError({ message: 'the provider has no logs' });
    const leave = new AbortController();
    const seconds = this.patience.end + this.patience.call;
    const entries: LogEntry[] = [];
    const full: LogQuery = { previous: false, follow: false, ...query };
    const read = async (stream: AsyncIterable<LogEntry>): Promise<void> => {
      for await (const entry of stream) {
        entries.push(entry);
        if (enough(entries)) return;
      }
    };
    try {
      await within(seconds, 'the log ends', read(provider.logs(ref, full, leave.signal)));
    } finally {
      leave.abort();
    }
    return entries;
  }

  /** Waits until the program of a container is past its first steps: its first line is in the log. */
  async awake(ref: InstanceRef, container: string): Promise<void> {
    if (this.provider.logs === undefined) await new Promise((resolve) => setTimeout(resolve, 1000));
    else await this.log(ref, { container, follow: true }, (entries) => entries.length > 0);
  }

  /** Ends the provider of the moment and makes another on the same backend, as a daemon that starts anew after `awayMs`. */
  async restart(awayMs = 0): Promise<void> {
    await this.#disconnect();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await this.#connect();
  }

  call<T>(what: string, make: (provider: InstanceProvider, signal: AbortSignal) => Promise<T>): Promise<T> {
    return within(this.patience.call, `${what} settles`, make(this.provider, this.signal()));
  }

  /** All that this case has seen and that others may see: snapshots, what the provider logged, what the backend shows. */
  async visible(): Promise<string> {
    const exposed = (await this.#backend.exposed?.()) ?? '';
    return [
      JSON.stringify(this.observation.events),
      JSON.stringify(await this.list()),
      exposed,
      ...this.#logged,
    ].join('\n');
  }

  async #connect(): Promise<void> {
    const write = (fields: object, message: string): void => {
      this.#logged.push(`${message} ${JSON.stringify(fields)}`);
    };
    const log: ProviderLog = { debug: write, info: write, warn: write, error: write };
    this.#provider = await within(this.patience.call, 'the provider connects', this.#backend.connect(log));
    this.#observation = new Observation(this.#provider, this.scope);
  }

  async #disconnect(): Promise<void> {
    const { observation, provider } = this;
    this.#provider = undefined;
    await within(this.patience.call, 'observe ends after its signal', observation.end());
    if (provider.close) await within(this.patience.call, 'close settles', provider.close());
    observation.check();
  }

  /** Deletes all, then looks for what is left. Part of every case. */
  async #clear(): Promise<void> {
    for (const { ref } of await this.list()) await this.delete(ref);
    const rest = (await this.list()).map(({ ref }) => ref.id);
    await this.#disconnect();
    const left = [...rest, ...((await this.#backend.leftovers?.()) ?? [])];
    if (left.length > 0)
      throw new AssertionError({ message: `left after everything was deleted: ${left.join(', ')}` });
  }

  /** Leaves nothing behind after a failure either; errors here would hide the first one. */
  async #strike(): Promise<void> {
    if (this.#provider !== undefined) {
      const rest = await this.list().catch(() => []);
      for (const { ref } of rest) await this.delete(ref).catch(() => undefined);
      await this.#disconnect().catch(() => undefined);
    }
    await this.#backend.close?.();
  }
}
