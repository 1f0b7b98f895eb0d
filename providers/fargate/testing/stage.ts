import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FakeEcs, type FakeEcsOptions, startFakeEcs } from '../../../test/fakes/ecs/index.ts';
import type {
  Instance,
  InstanceEvent,
  InstanceSpec,
  OwnerScope,
  ProviderClock,
} from '../../contract/index.ts';
import { instanceToken } from '../../contract/index.ts';
import { createFargateProvider } from '../create-provider.ts';
import type { FargateProvider } from '../provider.ts';
import { type SecretRhythm, secretRhythm } from '../secrets/secret-sweep.ts';
import { fakeOptions, owner } from './fixtures.ts';
import { quickClock, quickFake } from './quick.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

interface Settings {
  readonly fake?: FakeEcsOptions;
  /** Undefined leaves one out. */
  readonly options?: (fake: FakeEcs) => Readonly<Record<string, unknown>>;
  /** Of the adapter. Default a quick one. */
  readonly clock?: ProviderClock;
  /** Of the sweep of stored secrets. */
  readonly rhythm?: SecretRhythm;
}

/** A fake cloud with the adapter in front of it, which observes from the start. */
export class FargateStage {
  readonly fake: FakeEcs;
  readonly scope: OwnerScope = owner;
  readonly events: InstanceEvent[] = [];
  readonly #connect: () => Promise<FargateProvider>;
  readonly #stateDir: string;
  #provider: FargateProvider | undefined;
  #leave = new AbortController();
  #observed: Promise<void> = Promise.resolve();
  #wake = (): void => undefined;

  private constructor(
    fake: FakeEcs,
    stateDir: string,
    { options, clock = quickClock(), rhythm = secretRhythm }: Settings,
  ) {
    this.fake = fake;
    this.#stateDir = stateDir;
    const given = Object.entries({ ...fakeOptions(fake), ...options?.(fake) });
    const context = {
      options: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      log: silent,
      stateDir,
    };
    this.#connect = () => createFargateProvider(context, { clock, rhythm });
  }

  static async start(settings: Settings = {}): Promise<FargateStage> {
    const fake = await startFakeEcs({ ...quickFake, ...settings.fake });
    fake.cloud.logs.create('burstlet');
    const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-fargate-'));
    const stage = new FargateStage(fake, stateDir, settings);
    await stage.#begin();
    return stage;
  }

  get provider(): FargateProvider {
    if (this.#provider === undefined) throw new Error('there is no provider now');
    return this.#provider;
  }

  get signal(): AbortSignal {
    return AbortSignal.timeout(15_000);
  }

  create(spec: InstanceSpec): Promise<Instance> {
    return this.provider.create(spec, instanceToken(spec.owner), this.signal);
  }

  list(): Promise<readonly Instance[]> {
    return this.provider.list(this.scope, this.signal);
  }

  /** The first state of the instance that fits, from what was observed and what comes. */
  async until(id: string, fits: (instance: Instance) => boolean): Promise<Instance> {
    const signal = this.signal;
    for (;;) {
      const found = this.events.findLast(
        (event) => event.type === 'changed' && event.instance.ref.id === id && fits(event.instance),
      );
      if (found?.type === 'changed') return found.instance;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => reject(new Error(`never seen: ${fits}`)), { once: true });
      });
    }
  }

  /** A daemon that ends, and another on the same folder. */
  async restart(): Promise<void> {
    await this.#end();
    await this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.fake.close();
    await rm(this.#stateDir, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    const provider = await this.#connect();
    this.#provider = provider;
    this.#leave = new AbortController();
    const hear = (event: InstanceEvent): void => {
      this.events.push(event);
      this.#wake();
    };
    this.#observed = provider.observe(this.scope, hear, this.#leave.signal).catch(() => undefined);
  }

  /** Calls that are under way meet a dead provider. */
  async #end(): Promise<void> {
    this.#leave.abort();
    await this.#observed;
    await this.provider.close();
  }
}
