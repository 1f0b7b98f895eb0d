import type {
  Capabilities,
  Capacity,
  ExecRequest,
  Instance,
  InstanceListener,
  InstanceProvider,
  InstanceRef,
  InstanceSpec,
  InstanceStats,
  LogEntry,
  LogQuery,
  Machine,
  Offer,
  OwnerScope,
  ProcessStreams,
  ProviderClock,
  ProviderLog,
  SizingRules,
  StopOptions,
  Wishes,
} from '../contract/index.ts';
import { Poller, ProviderError } from '../contract/index.ts';
import { Calls } from './api/calls.ts';
import type { EciApi } from './api/eci-api.ts';
import { Lanes } from './api/lanes.ts';
import { eciCapabilities } from './capabilities.ts';
import { Creations } from './creations.ts';
import { eciExec } from './exec/exec.ts';
import type { Watch } from './fleet.ts';
import { Fleet } from './fleet.ts';
import { KnownInstances } from './known.ts';
import { eciLog } from './logs.ts';
import { Lookup } from './lookup.ts';
import { machinesIn } from './machines.ts';
import { eciOffers } from './offers.ts';
import type { EciOptions } from './options.ts';
import { PriceBook } from './prices.ts';
import { GroupReader, readUsage } from './reader.ts';
import { sizingRules } from './sizes.ts';
import { eciStats } from './stats.ts';
import { Stops } from './stops.ts';
import { eciWishes } from './wishes.ts';

const usualPace = { fastMs: 500, slowMs: 4_000 };
const lookTimeoutMs = 60_000;

/** No size has more memory for its cores than eight GiB for each. */
const mostGibPerCpu = 8;
/** Every instance has as much; more can be bought. */
const storageGib = 30;

export interface EciProviderDeps {
  readonly api: EciApi;
  /** Shared with the other nodes of the account; absent = there are none. */
  readonly lanes?: Lanes;
  readonly options: EciOptions;
  readonly log: ProviderLog;
  readonly clock: ProviderClock;
  readonly random: () => number;
  /** Milliseconds between two looks while something moves, and in quiet times. */
  readonly pace?: { readonly fastMs: number; readonly slowMs: number };
}

/** Pods as Elastic Container Instances of Alibaba Cloud. See docs/guides/burst-to-eci.md. */
export class EciProvider implements InstanceProvider {
  readonly name = 'eci';
  readonly sizing: SizingRules = sizingRules;
  readonly #deps: EciProviderDeps;
  readonly #closed = new AbortController();
  readonly #calls: Calls;
  readonly #prices: PriceBook;
  readonly #known: KnownInstances;
  readonly #fleet: Fleet;
  readonly #creations: Creations;
  readonly #stops: Stops;
  readonly #pollers = new Set<Poller>();
  #isPricing = false;

  constructor(deps: EciProviderDeps) {
    const { api, options, clock, random, log, lanes = new Lanes(clock) } = deps;
    const closed = this.#closed.signal;
    const calls = new Calls({ api, lanes, region: options.region, clock, random });
    const known = new KnownInstances(() => clock.now());
    const reader = new GroupReader({ calls, clock, isLeaving: (id) => known.isLeaving(id) });
    const lookup = new Lookup({ reader, clock, closed });
    const fleet = new Fleet({ known, reader, lookup, clock });
    const prices = new PriceBook(options);
    this.#deps = deps;
    this.#calls = calls;
    this.#known = known;
    this.#fleet = fleet;
    this.#prices = prices;
    this.#creations = new Creations({ calls, fleet, known, reader, options, prices });
    const warn = log.warn.bind(log);
    this.#stops = new Stops({ calls, fleet, known, clock, closed, warn });
  }

  capabilities(): Capabilities {
    return eciCapabilities;
  }

  offers(): readonly Offer[] {
    return eciOffers(this.#deps.options, this.#prices);
  }

  get wishes(): Wishes {
    return eciWishes(this.#deps.options);
  }

  machines(): readonly Machine[] {
    return machinesIn(this.#deps.options.region);
  }

  /** What the quota of the region leaves to this node. Only vCPU have one. */
  async capacity(signal: AbortSignal): Promise<Capacity> {
    const end = this.#until(signal);
    const { usedCpu = 0, maxCpu } = await this.#call(end, () => readUsage(this.#calls, end));
    const { instances, instanceTypes } = this.#deps.options;
    const usedByOthers = Math.max(0, usedCpu - this.#known.usedCpu());
    const cpu = Math.max(0, (maxCpu ?? instances) - usedByOthers);
    const gpus = Math.max(0, ...instanceTypes.map(({ gpus: each }) => each));
    return {
      instances,
      resources: {
        cpuMillis: cpu * 1000,
        memoryBytes: cpu * mostGibPerCpu * 1024 ** 3,
        ephemeralStorageBytes: instances * storageGib * 1024 ** 3,
        ...(gpus > 0 && { extended: { 'nvidia.com/gpu': instances * gpus } }),
      },
    };
  }

  async create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    const end = this.#until(signal);
    const instance = await this.#call(end, () => this.#creations.create(spec, token, end));
    this.#nudge();
    return instance;
  }

  async stop(ref: InstanceRef, { gracePeriodSeconds }: StopOptions, signal: AbortSignal): Promise<void> {
    const end = this.#until(signal);
    await this.#call(end, () => this.#stops.stop(ref, gracePeriodSeconds, end));
    this.#nudge();
  }

  async delete(ref: InstanceRef, signal: AbortSignal): Promise<void> {
    const end = this.#until(signal);
    await this.#call(end, () => this.#stops.delete(ref, end));
    this.#nudge();
  }

  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    const end = this.#until(signal);
    return this.#call(end, () => this.#fleet.list(scope, end));
  }

  async observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    const { clock, random, pace = usualPace } = this.#deps;
    const watch: Watch = { scope };
    const poller = new Poller({
      list: (_, end) => this.#look(watch, end),
      ...pace,
      timeoutMs: lookTimeoutMs,
      // What is missing here was proven to be missing there.
      absences: 1,
      clock,
      random,
    });
    const unhear = this.#fleet.hear(scope, (event) => {
      if (!signal.aborted) listener(event);
    });
    this.#pollers.add(poller);
    try {
      await poller.observe(scope, listener, this.#until(signal));
    } finally {
      this.#pollers.delete(poller);
      unhear();
    }
  }

  async *logs(ref: InstanceRef, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const { clock } = this.#deps;
    const end = this.#until(signal);
    yield* eciLog({ calls: this.#calls, fleet: this.#fleet, clock }, ref, query, end);
  }

  exec(
    ref: InstanceRef,
    container: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    const end = this.#until(signal);
    const { clock, options } = this.#deps;
    const deps = { calls: this.#calls, fleet: this.#fleet, clock, endpoint: options.endpoint };
    return this.#call(end, () => eciExec(deps, ref, container, request, streams, end));
  }

  stats(scope: OwnerScope, signal: AbortSignal): Promise<readonly InstanceStats[]> {
    const end = this.#until(signal);
    return this.#call(end, () => eciStats(this.#calls, this.#known.inScope(scope), end));
  }

  async close(): Promise<void> {
    this.#closed.abort(new ProviderError('Retryable', 'the provider is closed'));
    this.#stops.close();
  }

  async #look(watch: Watch, signal: AbortSignal): Promise<readonly Instance[]> {
    const instances = await this.#fleet.refresh(watch, signal);
    this.#price();
    return instances;
  }

  /** Beside everything else: nobody waits for a price. */
  #price(): void {
    if (this.#isPricing) return;
    this.#isPricing = true;
    const { clock, log } = this.#deps;
    this.#prices
      .refresh(this.#calls, clock.now(), this.#closed.signal)
      .catch((error: unknown) => log.warn({ error: String(error) }, 'a price could not be read'))
      .finally(() => {
        this.#isPricing = false;
      });
  }

  #nudge(): void {
    for (const poller of this.#pollers) poller.nudge();
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closed.signal]);
  }

  /** What a signal ends becomes an error of the contract. */
  async #call<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ProviderError || !signal.aborted) throw error;
      throw new ProviderError('Retryable', 'given up by the caller', { cause: error });
    }
  }
}
