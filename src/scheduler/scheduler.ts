import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import { bindings, nodes, pods } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/types.ts';
import { podRequests } from '../podspec/pod-resources.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { allocatableAmounts, requestAmounts } from './amounts.ts';
import { place, type Room } from './fit.ts';
import { Ledger } from './ledger.ts';
import { type Slim, slimPod } from './slim-pod.ts';

export interface SchedulerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly events: EventRecorder;
  /** Whose Pods: true for those that this scheduler is named in, or for all where no other scheduler runs. */
  readonly mine: (schedulerName: string) => boolean;
  /** Which nodes, as a label selector. */
  readonly nodeSelector: string;
}

/** Bindings in flight at the same time. */
const concurrency = 32;

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
  /** Pods to look at, oldest first. */
  readonly #waiting = new Set<string>();
  /** Pods for which there was no room; with what they were told. */
  readonly #stuck = new Map<string, string>();
  readonly #failures = new Map<string, number>();
  #binding = 0;
  #signal: AbortSignal | undefined;
  #turn = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    const { clock, random, log, client } = deps;
    this.#pods = createInformer({ clock, random, log, client, resource: pods, transform: slimPod });
    this.#nodes = createInformer({
      clock,
      random,
      log,
      client,
      resource: nodes,
      selection: { labelSelector: deps.nodeSelector },
    });
    this.#pods.onEvent((event) => this.#podChanged(event.object, event.type === 'deleted'));
    this.#nodes.onEvent(() => this.#retryStuck());
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const running = [this.#pods.run(signal), this.#nodes.run(signal)];
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(
      () => this.#soon(),
      () => undefined,
    );
    await Promise.all(running);
  }

  #podChanged(pod: Slim, deleted: boolean): void {
    const uid = pod.metadata?.uid ?? '';
    const over = deleted || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const node = pod.spec?.nodeName;
    if (over || node) {
      this.#waiting.delete(uid);
      this.#stuck.delete(uid);
      this.#failures.delete(uid);
    }
    if (over) {
      if (this.#ledger.free(uid)) this.#retryStuck();
    } else if (node) {
      this.#ledger.take(uid, node, requestAmounts(podRequests(pod)));
    } else if (this.#deps.mine(pod.spec?.schedulerName ?? '') && !this.#ledger.has(uid)) {
      this.#waiting.add(uid);
      this.#soon();
    }
  }

  #retryStuck(): void {
    for (const uid of this.#stuck.keys()) this.#waiting.add(uid);
    this.#soon();
  }

  /** Once per turn of the event loop: what a burst of events put in is placed in one go, in order. */
  #soon(): void {
    if (this.#turn) return;
    this.#turn = true;
    setImmediate(() => {
      this.#turn = false;
      this.#placeAll();
    });
  }

  #placeAll(): void {
    if (this.#signal?.aborted !== false || !this.#pods.hasSynced || !this.#nodes.hasSynced) return;
    const queue = [...this.#waiting]
      .flatMap((uid) => this.#pods.cache.getByUid(uid) ?? [])
      .toSorted(byPriority);
    const rooms = this.#nodes.cache.list().map((node) => ({ node, allocatable: allocatableAmounts(node) }));
    for (const pod of queue) {
      if (this.#binding >= concurrency) return;
      this.#waiting.delete(pod.metadata?.uid ?? '');
      if (isGated(pod)) continue;
      this.#placeOne(
        pod,
        rooms.map((room) => ({ ...room, used: this.#ledger.used(room.node.metadata?.name ?? '') })),
      );
    }
  }

  #placeOne(pod: Pod, rooms: readonly Room[]): void {
    const uid = pod.metadata?.uid ?? '';
    const requests = requestAmounts(podRequests(pod));
    const placement = place({ pod, requests }, rooms);
    if ('message' in placement) {
      if (this.#stuck.get(uid) !== placement.message) void this.#tell(pod, placement.message);
      this.#stuck.set(uid, placement.message);
      return;
    }
    this.#stuck.delete(uid);
    this.#ledger.take(uid, placement.node, requests);
    void this.#bind(pod, placement.node);
  }

  /** Never rejects. */
  async #bind(pod: Pod, node: string): Promise<void> {
    const { client, log, clock, random } = this.#deps;
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const signal = this.#signal;
    this.#binding++;
    try {
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      };
      await client.create(bindings, binding, {
        name,
        subresource: 'binding',
        ...(signal === undefined ? {} : { signal }),
      });
      this.#failures.delete(uid);
    } catch (error) {
      this.#ledger.free(uid);
      // Gone, or bound by somebody else: the watch tells.
      if (!isNotFound(error) && !isConflict(error) && signal?.aborted === false) {
        const failures = this.#failures.get(uid) ?? 0;
        this.#failures.set(uid, failures + 1);
        log.warn(
          { pod: `${namespace}/${name}`, error: String(error), failures },
          'binding failed; it will be repeated',
        );
        clock.schedule(backoffMs(failures, 200, 10_000, random), () => {
          const now = this.#pods.cache.getByUid(uid);
          if (now !== undefined) this.#podChanged(now, false);
        });
      }
    } finally {
      this.#binding--;
      if (this.#waiting.size > 0) this.#soon();
    }
  }

  /** The condition and the Event that kubectl describe shows. Never rejects. */
  async #tell(pod: Pod, message: string): Promise<void> {
    const { client, events, log, clock } = this.#deps;
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = pod.metadata ?? {};
    const object = { apiVersion: 'v1', kind: 'Pod', name, namespace, uid, resourceVersion };
    events.event({ object, type: 'Warning', reason: 'FailedScheduling', message });
    const lastTransitionTime = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime,
    };
    try {
      await client.patch(
        pods,
        { name, namespace },
        { metadata: { uid }, status: { conditions: [condition] } },
        { subresource: 'status', type: 'strategic' },
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error))
        log.warn(
          { pod: `${namespace}/${name}`, error: String(error) },
          'the scheduling condition could not be written',
        );
    }
  }
}

function isGated(pod: Pod): boolean {
  return (pod.spec?.schedulingGates ?? []).length > 0 || pod.metadata?.deletionTimestamp !== undefined;
}

/** Higher priority first, then older first. */
function byPriority(a: Pod, b: Pod): number {
  const priority = (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0);
  return priority !== 0
    ? priority
    : (a.metadata?.creationTimestamp ?? '') < (b.metadata?.creationTimestamp ?? '')
      ? -1
      : 1;
}
