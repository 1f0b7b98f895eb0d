import type { InstanceRef } from '../../providers/contract/index.ts';
import {
  type Fault,
  FaultPlan,
  type FaultRates,
  MockCloud,
  type MockOffer,
  seededRandom,
} from '../../providers/mock/index.ts';
import { MemoryStore } from '../../src/devcluster/store/memory-store.ts';
import type { StoreEvent } from '../../src/devcluster/store/store.ts';
import type { Pod } from '../../src/kube/types.ts';
import { FakeClock, settle } from '../../src/telemetry/fake-clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type ApiRates, ApiWeather } from './api-weather.ts';
import { Auditor } from './auditor.ts';
import { Daemon, scope } from './daemon.ts';
import type { PodWish, Step } from './pod-script.ts';
import { copyOf, StoreServer } from './store-server.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly cloudRates?: FaultRates;
  /** What the cloud sells; absent = instances are not bought. */
  readonly offers?: readonly MockOffer[];
  readonly apiRates?: ApiRates;
  /** Chance that a list leaves an instance out; never twice in a row the same. */
  readonly overlooks?: number;
  /** Whether the daemon dies at this point; points are counted over the whole life of the world, from 0. */
  readonly killAt?: (point: number) => boolean;
  /** Milliseconds from a death to the next start. Default: drawn. */
  readonly downMs?: number;
}

/** How long the next incarnation takes to come, in milliseconds; one of these is drawn. */
const downTimesMs = [0, 0, 500, 3_000, 40_000, 100_000];
/** Until the owner of a finalizer has counted a Pod that ended, and until a controller replaces one that is gone. */
const ownerMs = 3_000;
/** Between the notice of a market and the end of the instance. */
const noticeMs = 4_000;
const traceLimit = 20_000;

/**
 * A cluster with one virtual node, on a clock of its own: an API server and a cloud that live on, users and
 * controllers that go on with their script, and a daemon that is killed and started again. The same options give the
 * same history.
 */
export class World {
  readonly clock = new FakeClock();
  readonly store: MemoryStore;
  readonly server: StoreServer;
  readonly cloud: MockCloud;
  readonly auditor: Auditor;
  readonly trace: string[] = [];
  /** Moments at which the daemon could have been killed so far. */
  points = 0;
  kills = 0;
  readonly #options: WorldOptions;
  readonly #random: () => number;
  readonly #kept = new Map<string, PodWish>();
  readonly #overlooked = new Set<string>();
  #calm = false;
  /** What happens in the store now is the script's doing. */
  #acting = false;
  #daemon: Daemon | undefined;
  #startedAt = 0;

  constructor(options: WorldOptions) {
    const { clock } = this;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.store = new MemoryStore({ clock, log: silentLog, random: this.#random, historySize: 24 });
    this.store.create('namespaces', { metadata: { name: 'default' } });
    const weather = new ApiWeather({
      random: this.#random,
      ...(options.apiRates === undefined ? {} : { rates: options.apiRates }),
    });
    this.server = new StoreServer({ store: this.store, clock, weather });
    const plan = new FaultPlan({
      random: this.#random,
      ...(options.cloudRates === undefined ? {} : { rates: options.cloudRates }),
    });
    this.cloud = new MockCloud({
      clock,
      random: this.#random,
      ...(options.offers === undefined ? {} : { offers: options.offers }),
      faults: {
        onCall: (call) => {
          const fault: Fault | undefined = this.#calm ? undefined : plan.onCall(call);
          if (fault !== undefined) this.note(`  fault ${fault.kind} on ${call.kind}`);
          if (fault?.kind === 'late' && call.kind === 'create')
            this.auditor.lateCreates.add(call.podUid ?? '');
          return fault;
        },
        onEvent: () => (this.#calm ? undefined : plan.onEvent()),
      },
    });
    this.auditor = new Auditor({ clock, cloud: this.cloud });
    this.store.subscribe('pods', (event) => this.#onPod(event));
    this.cloud.front.onCall = (call, point) => {
      this.note(`${point} ${call.kind} ${call.podUid ?? ''}`);
      if (point === 'before') this.auditor.onProviderCall(call);
      // A promise makes the cloud look whether its caller still lives.
      return this.#survives() ? undefined : Promise.resolve();
    };
  }

  /** Starts the daemon unless it runs. */
  start(): void {
    if (this.#daemon !== undefined) return;
    this.note('daemon starts');
    this.#startedAt = this.clock.now();
    this.#daemon = new Daemon({
      server: this.server,
      cloud: this.cloud,
      random: this.#random,
      onWrite: (write, point) => {
        this.note(`${point} ${write.verb} ${write.resource} ${write.name} ${write.uid ?? ''}`);
        if (point === 'before') this.auditor.onWrite(write, this.#daemon?.witness);
        this.#survives();
      },
      overlooks: ({ ref }) => this.#overlooks(ref),
    });
  }

  /** Kills the daemon; the next one starts after a while. */
  kill(): void {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    this.note('daemon killed');
    this.kills++;
    this.#daemon = undefined;
    daemon.kill();
    this.auditor.onEnd(daemon.witness);
    const drawn = downTimesMs[Math.floor(this.#random() * downTimesMs.length)] ?? 0;
    this.clock.schedule(this.#options.downMs ?? drawn, () => {
      if (!daemon.ended) this.auditor.violations.push('the killed daemon has not come to its end');
      this.start();
    });
  }

  /** Plays the script from now on; resolves when `ms` have passed. */
  async play(steps: readonly { readonly atMs: number; readonly step: Step }[], ms: number): Promise<void> {
    for (const { atMs, step } of steps)
      this.clock.schedule(atMs, () => {
        this.note(`step ${JSON.stringify(step)}`);
        this.do(step);
      });
    await this.clock.advance(ms);
  }

  /** Ends all faults and lets `ms` pass, counted from the last start of the daemon. */
  async calmDown(ms: number): Promise<void> {
    this.note('calm');
    this.#calm = true;
    this.server.weather.clear();
    this.start();
    this.#startedAt = this.clock.now();
    while (this.#daemon === undefined || this.clock.now() < this.#startedAt + ms)
      await this.clock.advance(Math.max(1_000, this.#startedAt + ms - this.clock.now()));
  }

  /** The last look, and the end of the daemon. */
  async conclude(): Promise<void> {
    this.auditor.conclude();
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined) return;
    daemon.kill();
    this.auditor.onEnd(daemon.witness);
    await settle();
    if (!daemon.ended) this.auditor.violations.push('the daemon has not come to its end');
  }

  note(line: string): void {
    if (this.trace.length < traceLimit)
      this.trace.push(`${String(this.clock.now() % 1e8).padStart(8)} #${this.points} ${line}`);
  }

  pod(name: string): Pod | undefined {
    const found = this.store.get('pods', 'default', name);
    return found === undefined ? undefined : (found as unknown as Pod);
  }

  do(step: Step): void {
    switch (step.type) {
      case 'create':
        this.#create(step.pod);
        return;
      case 'delete': {
        const { name, graceSeconds } = step;
        const request = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
        if (this.pod(name) === undefined) return;
        this.#acting = true;
        this.store.delete('pods', 'default', name, request);
        this.#acting = false;
        return;
      }
      case 'touch': {
        const pod = this.store.get('pods', 'default', step.name);
        if (pod === undefined) return;
        const labels = { ...pod.metadata.labels, touched: `at-${this.clock.now()}` };
        this.store.update('pods', { ...pod, metadata: { ...pod.metadata, labels } });
        return;
      }
      case 'breakStreams':
        this.cloud.streams.break();
        return;
      case 'cutWatches':
        this.server.cutWatches();
        return;
      case 'apiAway':
        this.server.goAway(step.how);
        this.clock.schedule(step.ms, () => this.server.comeBack());
        return;
      default:
        this.#befall(step);
    }
  }

  #befall(step: Extract<Step, { type: 'exit' | 'ready' | 'vanish' | 'interrupt' }>): void {
    const uid = this.pod(step.name)?.metadata?.uid ?? '';
    if (this.cloud.instances(uid).length === 0) return;
    switch (step.type) {
      case 'exit':
        this.cloud.exit(uid, 'main', step.code);
        return;
      case 'ready':
        this.cloud.setReady(uid, 'main', step.ready);
        return;
      case 'vanish':
        this.auditor.vanished.add(uid);
        this.cloud.vanish(uid, { silent: step.silent });
        return;
      case 'interrupt': {
        const cause = { kind: 'Interrupted', reason: 'SpotReclaimed', message: 'taken back' } as const;
        this.cloud.interrupt(uid, cause, this.cloud.market === undefined ? 0 : noticeMs);
      }
    }
  }

  #create(wish: PodWish): void {
    if (this.pod(wish.name) !== undefined) return;
    const { name, finalizers, annotations } = wish;
    if (wish.kept) this.#kept.set(name, wish);
    this.store.create('pods', {
      metadata: { name, namespace: 'default', annotations, finalizers },
      spec: { nodeName: scope.node, automountServiceAccountToken: false, ...wish.spec },
    });
  }

  #onPod(event: StoreEvent): void {
    this.auditor.onStoreEvent(event, this.#acting);
    const { object, type } = event;
    const { name, uid, deletionTimestamp, finalizers = [] } = object.metadata;
    const phase = String(object.status?.phase);
    this.note(`  ${type} ${name} ${uid} ${phase} ${deletionTimestamp === undefined ? '' : 'deleting'}`);
    if (type === 'DELETED') {
      const wish = this.#kept.get(name);
      if (wish !== undefined) this.clock.schedule(this.#random() * ownerMs, () => this.#create(wish));
    } else if (finalizers.length > 0 && (phase === 'Succeeded' || phase === 'Failed')) {
      this.clock.schedule(ownerMs, () => this.#release(name, uid));
    }
  }

  /** The owner of the finalizer has counted the Pod and lets it go. */
  #release(name: string, uid: string): void {
    const pod = this.store.get('pods', 'default', name);
    if (pod?.metadata.uid !== uid || pod.metadata.finalizers === undefined) return;
    const next = copyOf(pod);
    delete next.metadata.finalizers;
    this.store.update('pods', next);
  }

  /** False when the daemon was killed at this point, or before. */
  #survives(): boolean {
    if (this.#daemon === undefined) return false;
    const point = this.points++;
    if (this.#options.killAt?.(point) !== true) return true;
    this.kill();
    return false;
  }

  #overlooks({ id, podUid }: InstanceRef): boolean {
    if (this.#overlooked.delete(id) || this.#calm) return false;
    if (this.#random() >= (this.#options.overlooks ?? 0)) return false;
    this.#overlooked.add(id);
    this.auditor.overlooked.add(podUid);
    this.note(`  list overlooks ${id}`);
    return true;
  }
}
