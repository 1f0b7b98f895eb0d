import { isDeepStrictEqual } from 'node:util';
import type { InstanceProvider, OwnerScope } from '../../providers/contract/index.ts';
import type { Spending } from '../capacity/cost-book.ts';
import { withoutNotes } from '../capacity/purchase-notes.ts';
import type { KubeClient } from '../kube/client.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import { pods } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { ownershipOf } from './creation.ts';
import { InstanceTable } from './instance-table.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { notEnforcedNote } from './not-enforced.ts';
import { type Admission, type PodEvents, PodReconciler } from './pod-reconciler.ts';
import { ProviderWatch } from './provider-watch.ts';
import type { StockPolicy } from './sale.ts';
import type { SpecSource } from './specs/spec-source.ts';
import { VolumeRefresher } from './specs/volume-refresher.ts';
import { StatusWriter } from './status/status-writer.ts';

export interface PodControllerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly provider: InstanceProvider;
  readonly scope: OwnerScope;
  readonly hostIp: () => string;
  readonly admission: Admission;
  /** Made by a function because what it waits for comes back to the queue. */
  readonly specs: (retry: (uid: string) => void) => SpecSource;
  readonly events: PodEvents;
  /** Where instances are bought; default: wait, and say so after ten minutes. */
  readonly stockPolicy?: StockPolicy;
  /** undefined = the provider answers. */
  readonly onHealth: (trouble: unknown) => void;
  /** For metrics. */
  readonly onTurn?: (waitedMs: number) => void;
  readonly onStatusTaken?: (lagMs: number) => void;
}

const defaultStockPolicy: StockPolicy = { deadlineMs: 600_000, onDeadline: 'wait' };

/** Pods worked on at the same time: most of that time is waiting for the provider. */
const concurrency = 64;

/**
 * Everything about the Pods of one virtual node: the watch on the API server, the watch on the provider, and between
 * them a queue by Pod UID into which both put what changed.
 */
export class PodController {
  readonly #informer: Informer<Pod>;
  readonly #table: InstanceTable;
  readonly #queue: KeyedQueue;
  readonly #writer: StatusWriter;
  readonly #watch: ProviderWatch;
  readonly #specs: SpecSource;
  readonly #volumes: VolumeRefresher;
  readonly #reconciler: PodReconciler;

  constructor(deps: PodControllerDeps) {
    const { clock, random, log, client, provider, scope } = deps;
    // What is begun is finished before more is begun, or in a burst no Pod would be ready before all are.
    const goOn = (uid: string): void => this.#queue.add(uid, 'ahead');
    this.#specs = deps.specs((uid) => this.#retry(uid));
    this.#informer = createInformer({
      ...{ clock, random, log, client },
      resource: pods,
      selection: { fieldSelector: `spec.nodeName=${scope.node}` },
    });
    this.#table = new InstanceTable(clock, goOn);
    const onTaken = deps.onStatusTaken;
    this.#writer = new StatusWriter({ clock, random, log, client, onWritten: goOn, onTaken });
    this.#watch = new ProviderWatch({
      ...{ clock, random, log, provider, scope },
      table: this.#table,
      onListed: () => this.#sweep(),
      onNotice: (uid, { type, reason, message, container }) => {
        const pod = this.#informer.cache.getByUid(uid);
        if (pod !== undefined) deps.events(pod, type, reason, message, container);
      },
      onHealth: deps.onHealth,
    });
    const cached = (uid: string): Pod | undefined => this.#informer.cache.getByUid(uid);
    this.#volumes = new VolumeRefresher({
      ...{ clock, random, log, client, provider, cached },
      volumes: (pod, signal) =>
        this.#specs.volumes(pod, ownershipOf(pod, scope.clusterUid, scope.node), signal),
    });
    this.#reconciler = new PodReconciler({
      ...deps,
      stockPolicy: deps.stockPolicy ?? defaultStockPolicy,
      clusterUid: scope.clusterUid,
      nodeName: scope.node,
      table: this.#table,
      writer: this.#writer,
      specs: this.#specs,
      volumes: this.#volumes,
      cached,
      confirmed: () => this.#informer.hasSynced && this.#watch.listed,
      look: () => this.#watch.look(),
      again: (uid, ms) => this.#queue.addAfter(uid, ms),
    });
    const queueOptions = { concurrency, ...(deps.onTurn && { onTurn: deps.onTurn }) };
    this.#queue = new KeyedQueue(deps, queueOptions, (uid, signal) =>
      this.#reconciler.reconcile(uid, signal),
    );
    this.#informer.onEvent((event) => {
      const uid = event.object.metadata?.uid ?? '';
      if (event.type === 'deleted') this.#reconciler.sawDeleted(uid);
      if (event.type === 'updated' && isRelabelled(event.previous, event.object)) {
        this.#volumes.podChanged(uid);
        // What could not be made of them may be possible now; not of what this node has written itself.
        if (!isOwnNote(event.previous, event.object)) this.#reconciler.retryNow(uid);
      }
      if (event.type !== 'updated' || !this.#writer.catchesUp(uid, event.object)) this.#queue.add(uid);
    });
  }

  /** The Pods of this node as the watch last showed them. */
  get pods(): Informer<Pod>['cache'] {
    return this.#informer.cache;
  }

  /** Hears of every change of a Pod on this node. */
  onPod(listener: (pod: Pod, deleted: boolean) => void): void {
    this.#informer.onEvent(({ object, type }) => listener(object, type === 'deleted'));
    for (const pod of this.#informer.cache.list()) listener(pod, false);
  }

  /** The instances as the provider last showed them. */
  get instances(): Pick<InstanceTable, 'of' | 'uids' | 'size'> {
    return this.#table;
  }

  /** The Pod with the newest status known, be it written by us a moment ago. */
  newest(pod: Pod): Pod {
    return this.#writer.newest(pod.metadata?.uid ?? '', pod);
  }

  /** What its instances cost, where they are bought. */
  get spending(): readonly Spending[] {
    return this.#reconciler.spending;
  }

  /** Keys that wait or run, for metrics. */
  get depth(): { readonly pods: number; readonly statuses: number } {
    return { pods: this.#queue.depth, statuses: this.#writer.depth };
  }

  /** Both sides were listed completely: from now on this node acts. */
  get ready(): boolean {
    return this.#informer.hasSynced && this.#watch.listed;
  }

  /** Runs until the signal fires; instances go on running. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    void this.#informer.synced.then(
      () => this.#sweep(),
      () => undefined,
    );
    await Promise.all([
      this.#informer.run(signal),
      this.#watch.run(signal),
      this.#queue.run(signal),
      this.#specs.run(signal),
      this.#volumes.run(signal),
      this.#writer.run(signal),
    ]);
  }

  /** Both ways: every Pod is held against its instance, every instance against its Pod. */
  #sweep(): void {
    const uids = new Set([...this.#table.uids(), ...this.#reconciler.uids()]);
    for (const pod of this.#informer.cache.list()) uids.add(pod.metadata?.uid ?? '');
    for (const uid of uids) this.#queue.add(uid);
  }

  #retry(uid: string): void {
    this.#reconciler.retryNow(uid);
    this.#queue.add(uid);
  }
}

function isRelabelled({ metadata: before }: Pod, { metadata: now }: Pod): boolean {
  return (
    !isDeepStrictEqual(before?.labels, now?.labels) ||
    !isDeepStrictEqual(before?.annotations, now?.annotations)
  );
}

/** Nothing but annotations of this node differs. */
function isOwnNote({ metadata: before }: Pod, { metadata: now }: Pod): boolean {
  return (
    isDeepStrictEqual(before?.labels, now?.labels) &&
    isDeepStrictEqual(foreign(before?.annotations), foreign(now?.annotations))
  );
}

/** Those that somebody else has written. */
function foreign(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const { [notEnforcedNote]: _own, ...others } = withoutNotes(annotations);
  return others;
}
