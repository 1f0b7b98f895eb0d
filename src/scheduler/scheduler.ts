import type { KubeClient, Selection } from '../kube/client.ts';
import { isConflict, isNotFound, surelyDidNothing } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import { bindings, nodes, pods } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/types.ts';
import { podAmounts } from '../podspec/amounts.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { allocatableAmounts } from './allocatable.ts';
import { type Candidate, place, type Room } from './fit.ts';
import { Ledger } from './ledger.ts';
import { slimPod } from './slim-pod.ts';
import { Unschedulable } from './unschedulable.ts';

export interface SchedulerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly events: EventRecorder;
  /** Whose Pods: true for those that this scheduler is named in, or for all where no other scheduler runs. */
  readonly mine: (schedulerName: string) => boolean;
  /** Which Pods are watched; absent = all, for where every Pod on these nodes comes through here. */
  readonly selection?: Selection;
  /** Which nodes, as a label selector. */
  readonly nodeSelector: string;
}

/** Bindings in flight at the same time. */
const concurrency = 32;
const callTimeoutMs = 10_000;

/**
 * The nodeless scheduler: binds waiting Pods to virtual nodes. One watch on Pods (cut down to what matters here), one
 * on virtual nodes, one write per Pod. Driven by events alone: a Pod that found no room is looked at again when room
 * comes free or a node changes.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #ledger = new Ledger();
  readonly #unschedulable: Unschedulable;
  readonly #rooms = new Map<string, Room>();
  /** Pods to look at, by UID; while `#sorted`, in the order in which they get room. */
  #waiting = new Map<string, Candidate>();
  #sorted = true;
  /** Pods for which there was no room. */
  readonly #stuck = new Map<string, Candidate>();
  readonly #failures = new Map<string, number>();
  #binding = 0;
  #signal = AbortSignal.abort();
  #turn = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    const { clock, random, log, client } = deps;
    const selection = { labelSelector: deps.nodeSelector };
    const watched = deps.selection === undefined ? {} : { selection: deps.selection };
    this.#unschedulable = new Unschedulable(deps);
    this.#pods = createInformer({
      clock,
      random,
      log,
      client,
      resource: pods,
      transform: slimPod,
      ...watched,
    });
    this.#nodes = createInformer({ clock, random, log, client, resource: nodes, selection });
    this.#pods.onEvent(({ object, type }) => this.#podChanged(object, type === 'deleted'));
    this.#nodes.onEvent(({ object, type }) => this.#nodeChanged(object, type === 'deleted'));
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(
      () => this.#soon(),
      () => undefined,
    );
    await Promise.all([this.#pods.run(signal), this.#nodes.run(signal)]);
  }

  /** Tells of a Pod on one of the nodes that may have got there by another scheduler: it takes room all the same. */
  note(pod: Pod, deleted: boolean): void {
    if (pod.spec?.nodeName) this.#podChanged(pod, deleted);
  }

  get #active(): boolean {
    return !this.#signal.aborted && this.#pods.hasSynced && this.#nodes.hasSynced;
  }

  #podChanged(pod: Pod, deleted: boolean): void {
    const uid = pod.metadata?.uid ?? '';
    const over = deleted || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const node = pod.spec?.nodeName;
    if (over || node) {
      this.#waiting.delete(uid);
      this.#stuck.delete(uid);
      this.#failures.delete(uid);
      this.#unschedulable.forget(uid);
    }
    if (over) {
      if (this.#ledger.free(uid)) this.#retryStuck();
    } else if (node) {
      if (this.#ledger.take(uid, node, podAmounts(pod))) this.#retryStuck();
    } else if (this.#deps.mine(pod.spec?.schedulerName ?? '') && !this.#ledger.has(uid)) {
      this.#look(uid, pod);
    }
  }

  #nodeChanged(node: Node, deleted: boolean): void {
    const name = node.metadata?.name ?? '';
    if (deleted) this.#rooms.delete(name);
    else
      this.#rooms.set(name, { node, allocatable: allocatableAmounts(node), used: this.#ledger.used(name) });
    this.#retryStuck();
  }

  #look(uid: string, pod: Pod): void {
    this.#stuck.delete(uid);
    if (isHeld(pod)) {
      this.#waiting.delete(uid);
      return;
    }
    this.#waiting.set(uid, { pod, requests: podAmounts(pod) });
    this.#sorted = false;
    this.#soon();
  }

  #retryStuck(): void {
    for (const [uid, candidate] of this.#stuck) this.#waiting.set(uid, candidate);
    if (this.#stuck.size > 0) this.#sorted = false;
    this.#stuck.clear();
    this.#soon();
  }

  /** Once per turn of the event loop: what a burst of events put in is placed in one go, in order. */
  #soon(): void {
    if (this.#turn || this.#waiting.size === 0) return;
    this.#turn = true;
    setImmediate(() => {
      this.#turn = false;
      this.#placeAll();
    });
  }

  #placeAll(): void {
    if (!this.#active) return;
    if (!this.#sorted) this.#waiting = new Map([...this.#waiting].sort(([, a], [, b]) => byPriority(a, b)));
    this.#sorted = true;
    const rooms = [...this.#rooms.values()];
    for (const [uid, candidate] of this.#waiting) {
      if (this.#binding >= concurrency) return;
      this.#waiting.delete(uid);
      const placement = place(candidate, rooms);
      if ('node' in placement) {
        this.#ledger.take(uid, placement.node, candidate.requests);
        void this.#bind(uid, candidate, placement.node);
      } else {
        this.#stuck.set(uid, candidate);
        this.#unschedulable.tell(candidate.pod, placement.message, this.#signal);
      }
    }
  }

  /** Never rejects. */
  async #bind(uid: string, candidate: Candidate, node: string): Promise<void> {
    const { name = '', namespace = '' } = candidate.pod.metadata ?? {};
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    };
    const signal = this.#signal;
    const options = { name, subresource: 'binding', timeoutMs: callTimeoutMs, signal };
    this.#binding++;
    try {
      await this.#unschedulable.settled(uid);
      await this.#deps.client.create(bindings, binding, options);
      this.#failures.delete(uid);
    } catch (error) {
      if (!signal.aborted) this.#bindLater(uid, candidate, node, error);
    } finally {
      this.#binding--;
      this.#soon();
    }
  }

  /** The room stays taken: the binding may have come about, and only the watch knows. */
  #bindLater(uid: string, candidate: Candidate, node: string, error: unknown): void {
    const { clock, random, log } = this.#deps;
    const { name, namespace } = candidate.pod.metadata ?? {};
    const failures = this.#failures.get(uid) ?? 0;
    this.#failures.set(uid, failures + 1);
    // Gone, or bound by somebody: no news but for the watch.
    const told = isNotFound(error) || isConflict(error);
    if (!told)
      log.warn(
        { pod: `${namespace}/${name}`, error: String(error), failures },
        'binding failed; it will be repeated',
      );
    const free = surelyDidNothing(error) && !told;
    clock.schedule(backoffMs(failures, 200, 10_000, random), () =>
      this.#bindAgain(uid, candidate, node, free),
    );
  }

  #bindAgain(uid: string, { requests }: Candidate, node: string, free: boolean): void {
    const pod = this.#pods.cache.getByUid(uid);
    // The watch has told meanwhile what became of it.
    if (!this.#active || pod === undefined || pod.spec?.nodeName || !this.#ledger.has(uid)) return;
    if (!free && !isHeld(pod) && this.#rooms.has(node)) {
      void this.#bind(uid, { pod, requests }, node);
      return;
    }
    this.#ledger.free(uid);
    this.#look(uid, pod);
    this.#retryStuck();
  }
}

/** Gated, or on its way out before it had a node. */
function isHeld(pod: Pod): boolean {
  return (pod.spec?.schedulingGates ?? []).length > 0 || pod.metadata?.deletionTimestamp !== undefined;
}

/** Higher priority first, then older first, then in the order of arrival. */
function byPriority({ pod: a }: Candidate, { pod: b }: Candidate): number {
  const priority = (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0);
  if (priority !== 0) return priority;
  const [older, newer] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? ''];
  return older < newer ? -1 : older > newer ? 1 : 0;
}
