import type {
  Capacity,
  Instance,
  InstanceListener,
  InstanceRef,
  InstanceSpec,
  InstanceStats,
  OwnerScope,
  ProviderClock,
  StopCause,
} from '../contract/index.ts';
import { ProviderError, wallClock } from '../contract/index.ts';
import type { FaultSource } from './faults.ts';
import type { CallLatencies } from './front.ts';
import { Front } from './front.ts';
import { MockInstance } from './instance.ts';
import { Ledger } from './ledger.ts';
import { MockMarket, type MockOffer, requireSamePurchase } from './market.ts';
import type { MockScript } from './script.ts';
import { defaultScript, scriptOf } from './script.ts';
import { Streams, scopeKey } from './streams.ts';

export interface MockCloudDeps {
  readonly clock?: ProviderClock;
  readonly random?: () => number;
  /** For Pods without a script of their own. */
  readonly script?: MockScript;
  /** How long the calls themselves take. */
  readonly latencies?: CallLatencies;
  readonly faults?: FaultSource;
  readonly capacity?: Capacity;
  /** What it sells; absent = instances are not bought. */
  readonly offers?: readonly MockOffer[];
  /** Keep every call and the books of Pods long gone. For tests; grows for ever. Default true. */
  readonly history?: boolean;
}

const defaultCapacity: Capacity = {
  resources: { cpuMillis: 10_000_000, memoryBytes: 40 * 2 ** 40, ephemeralStorageBytes: 100 * 2 ** 40 },
  instances: 10_000,
};

/** The longest wait that a timer takes. */
const maxTimerMs = 2 ** 31 - 1;

interface Entry {
  readonly instance: MockInstance;
  /** Cancels the timer for its next change, if it has one. */
  cancel: (() => void) | undefined;
}

/**
 * A cloud in memory. It outlives the providers that speak to it, as a real one does: a test throws a daemon and its
 * provider away and makes new ones on the same cloud. It keeps its own books ({@link Ledger}). An instance has at most
 * one timer, and none when nothing will happen to it by itself.
 */
export class MockCloud {
  readonly ledger: Ledger;
  readonly front: Front;
  readonly streams: Streams;
  readonly clock: ProviderClock;
  readonly capacity: Capacity;
  readonly market: MockMarket | undefined;
  readonly #history: boolean;
  readonly #random: () => number;
  readonly #script: MockScript;
  readonly #entries = new Map<string, Entry>();
  readonly #byScope = new Map<string, Map<string, Entry>>();
  readonly #byToken = new Map<string, Entry>();
  /** Those who follow a log and want to hear of the next change of that instance. */
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #idPrefix: string;
  #count = 0;

  constructor(deps: MockCloudDeps = {}) {
    const { clock = wallClock, random = Math.random, history = true, faults } = deps;
    this.clock = clock;
    this.capacity = deps.capacity ?? defaultCapacity;
    this.market =
      deps.offers === undefined
        ? undefined
        : new MockMarket({ offers: deps.offers, random, startedAt: clock.now() });
    this.#history = history;
    this.#random = random;
    this.#script = deps.script ?? defaultScript;
    this.#idPrefix = `mi-${Math.floor(random() * 36 ** 6).toString(36)}`;
    this.ledger = new Ledger({ history, now: () => clock.now() });
    this.front = new Front({ clock, random, latencies: deps.latencies ?? {}, faults, history });
    this.streams = new Streams({ clock, faults });
  }

  /** Instances that are not deleted, of all scopes. */
  get size(): number {
    return this.#entries.size;
  }

  create(spec: InstanceSpec, token: string): Instance {
    const known = this.#byToken.get(token);
    if (known !== undefined) {
      requireSamePurchase(known.instance.purchase, spec.purchase);
      return known.instance.snapshot;
    }
    if (this.#entries.size >= this.capacity.instances)
      throw new ProviderError('QuotaExceeded', `no more than ${this.capacity.instances} instances`);
    const script = scriptOf(spec.annotations, this.#script);
    const sale = this.market?.sell(spec.purchase, this.clock.now());
    const number = this.#count++;
    const instance = new MockInstance({
      id: `${this.#idPrefix}-${number}`,
      ip: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      spec,
      token,
      script,
      sale,
      now: this.clock.now(),
      random: this.#random,
    });
    const entry: Entry = { instance, cancel: undefined };
    this.#entries.set(instance.id, entry);
    this.#byToken.set(token, entry);
    const key = scopeKey(instance.owner);
    const scope = this.#byScope.get(key) ?? new Map<string, Entry>();
    this.#byScope.set(key, scope.set(instance.id, entry));
    this.ledger.begin(instance.owner.podUid, instance.id);
    instance.play(this.clock.now());
    this.#changed(entry);
    return instance.snapshot;
  }

  stop(ref: InstanceRef, gracePeriodSeconds: number): void {
    const entry = this.#find(ref);
    this.#play(entry);
    if (entry.instance.stop(this.clock.now(), gracePeriodSeconds)) this.#changed(entry);
  }

  delete(ref: InstanceRef): void {
    const entry = this.#entries.get(ref.id);
    if (entry === undefined) this.ledger.unknownDeletes++;
    else this.#remove(entry, true);
  }

  list(scope: OwnerScope): readonly Instance[] {
    return [...(this.#byScope.get(scopeKey(scope))?.values() ?? [])].map(({ instance }) => instance.snapshot);
  }

  observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    return this.streams.subscribe(scope, listener, signal);
  }

  /** The machine behind an instance, for its logs and its usage. Throws NotFound. */
  inspect(ref: InstanceRef): MockInstance {
    return this.#find(ref).instance;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  stats(scope: OwnerScope): InstanceStats[] {
    const entries = this.#byScope.get(scopeKey(scope))?.values() ?? [];
    return [...entries]
      .map(({ instance }) => instance.usage(this.clock.now()))
      .filter(({ containers }) => containers.length > 0);
  }

  /** Calls back at every change of the instance and when it goes; the returned function ends that. */
  watch(id: string, callback: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(callback));
    return () => {
      watchers.delete(callback);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  /** Of a Pod, or of all when no UID is given; oldest first. For tests: looks at every instance. */
  instances(podUid?: string): Instance[] {
    const all = [...this.#entries.values()].map(({ instance }) => instance.snapshot);
    return podUid === undefined ? all : all.filter(({ ref }) => ref.podUid === podUid);
  }

  /** The platform loses every instance of the Pod. `silent`: without an event. */
  vanish(podUid: string, options: { readonly silent: boolean }): void {
    for (const entry of this.#ofPod(podUid)) this.#remove(entry, !options.silent);
  }

  /** The platform takes the Pod's instances back, after a notice where there is one. */
  interrupt(podUid: string, cause: StopCause, noticeMs = 0): void {
    for (const entry of this.#ofPod(podUid)) {
      entry.instance.interrupt(this.clock.now(), cause, noticeMs);
      this.#changed(entry);
    }
  }

  /** A container of the Pod ends by itself now. */
  exit(podUid: string, container: string, code: number): void {
    for (const entry of this.#ofPod(podUid)) {
      entry.instance.exit(this.clock.now(), container, code);
      entry.instance.play(this.clock.now());
      this.#changed(entry);
    }
  }

  setReady(podUid: string, container: string, ready: boolean): void {
    for (const entry of this.#ofPod(podUid)) {
      entry.instance.setReady(container, ready);
      this.#changed(entry);
    }
  }

  #ofPod(podUid: string): Entry[] {
    const found = [...this.#entries.values()].filter(({ instance }) => instance.owner.podUid === podUid);
    if (found.length === 0) throw new Error(`the cloud has no instance of the Pod ${podUid}`);
    return found;
  }

  #find(ref: InstanceRef): Entry {
    const entry = this.#entries.get(ref.id);
    if (entry === undefined) throw new ProviderError('NotFound', `no instance ${ref.id}`);
    return entry;
  }

  #play(entry: Entry): void {
    if (entry.instance.play(this.clock.now())) this.#changed(entry);
  }

  /** Tells everyone, and sets the timer for what comes next. */
  #changed(entry: Entry): void {
    const { instance } = entry;
    if (!instance.live) this.ledger.end(instance.owner.podUid, instance.id);
    this.#bill(instance);
    this.streams.publish(instance.owner, { type: 'changed', instance: instance.snapshot });
    this.#alert(instance.id);
    this.#arm(entry);
  }

  /** `endedAt`: of one that is removed while it lives. */
  #bill({ id, owner, purchase, snapshot: { billing } }: MockInstance, endedAt?: string): void {
    if (!this.#history || purchase === undefined || billing === undefined) return;
    const bill = { ...(endedAt !== undefined && { endedAt }), ...billing };
    this.market?.bills.set(id, { ...bill, podUid: owner.podUid, instance: id, purchase });
  }

  #arm(entry: Entry): void {
    entry.cancel?.();
    const due = entry.instance.dueAt();
    entry.cancel =
      due === Number.POSITIVE_INFINITY
        ? undefined
        : this.clock.schedule(Math.min(maxTimerMs, Math.max(0, due - this.clock.now())), () => {
            if (entry.instance.play(this.clock.now())) this.#changed(entry);
            else this.#arm(entry);
          });
  }

  #remove(entry: Entry, told: boolean): void {
    const { instance } = entry;
    entry.cancel?.();
    this.#entries.delete(instance.id);
    if (this.#byToken.get(instance.token) === entry) this.#byToken.delete(instance.token);
    const key = scopeKey(instance.owner);
    const scope = this.#byScope.get(key);
    scope?.delete(instance.id);
    if (scope?.size === 0) this.#byScope.delete(key);
    this.ledger.end(instance.owner.podUid, instance.id);
    this.#bill(instance, new Date(this.clock.now()).toISOString());
    if (told)
      this.streams.publish(instance.owner, {
        type: 'gone',
        ref: { id: instance.id, podUid: instance.owner.podUid },
      });
    this.#alert(instance.id);
  }

  #alert(id: string): void {
    for (const watcher of [...(this.#watchers.get(id) ?? [])]) watcher();
  }
}
