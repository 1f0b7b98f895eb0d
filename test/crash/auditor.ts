import type { Instance } from '../../providers/contract/index.ts';
import type { MockCall, MockCloud } from '../../providers/mock/index.ts';
import type { StoreEvent } from '../../src/devcluster/store/store.ts';
import type { Pod } from '../../src/kube/types.ts';
import type { Clock } from '../../src/telemetry/clock.ts';
import type { Witness } from './daemon.ts';
import type { ApiWrite } from './store-client.ts';

interface Known {
  pod: Pod;
  gone: boolean;
  /** The API has shown the ID of a container, or an end: an instance existed. */
  evidence: boolean;
}

/** After its grace period a deleted Pod's instance may be removed without its exit codes; milliseconds. */
const overdueMs = 55_000;

/**
 * Watches the cloud's books and the store's history and says what must never happen, at the moment it happens. It
 * judges by the contract and shares no code with what it judges.
 */
export class Auditor {
  readonly violations: string[] = [];
  /** Pods whose instance the platform lost. */
  readonly vanished = new Set<string>();
  /** Pods whose instance was once left out of a list: their node may have taken it for gone. */
  readonly overlooked = new Set<string>();
  /** Pods of which a create call was still under way after its caller had been told that it failed. */
  readonly lateCreates = new Set<string>();
  readonly #clock: Clock;
  readonly #cloud: MockCloud;
  readonly #known = new Map<string, Known>();

  constructor(deps: { readonly clock: Clock; readonly cloud: MockCloud }) {
    this.#clock = deps.clock;
    this.#cloud = deps.cloud;
  }

  /** The API server's side, after each commit; `asked`: by a user or a controller, not by the daemon. */
  onStoreEvent({ type, object, previous }: StoreEvent, asked: boolean): void {
    const pod = object as unknown as Pod;
    const uid = pod.metadata?.uid ?? '';
    const before = this.#known.get(uid);
    const was = before?.pod.status?.phase;
    const is = pod.status?.phase;
    const marked = object.metadata.deletionTimestamp !== undefined;
    if (marked && previous?.metadata.deletionTimestamp === undefined && !asked)
      this.#fault(uid, 'deleted, and nobody asked for that');
    if (isEnd(was) && is !== was) this.#fault(uid, `phase went from ${was} to ${is}`);
    // A dead daemon's last word may come when its successor has begun anew with a Pod whose instance vanished unseen.
    if (was === 'Running' && is === 'Pending' && !this.vanished.has(uid))
      this.#fault(uid, 'phase went back from Running to Pending');
    if (before !== undefined && attemptOf(pod) < attemptOf(before.pod))
      this.#fault(uid, `attempt went from ${attemptOf(before.pod)} back to ${attemptOf(pod)}`);
    const evidence = before?.evidence === true || isEnd(is) || showsContainers(pod);
    this.#known.set(uid, { pod, gone: type === 'DELETED', evidence });
  }

  /** Before a provider call takes effect. */
  onProviderCall({ kind, podUid: uid, instance: id }: MockCall): void {
    const known = uid === undefined ? undefined : this.#known.get(uid);
    if (uid === undefined || known === undefined) return;
    if (kind !== 'stop' && kind !== 'delete') return;
    // What the platform has lost can be taken from nobody.
    if (id !== undefined && !this.#cloud.has(id)) return;
    const instances = this.#cloud.instances(uid);
    const replaced = instances.every((instance) => isReplaced(known.pod, instance));
    const surplus = instances.length > 1 || replaced || this.#cameBack(uid);
    if (this.#mustLive(known) && !surplus) this.#fault(uid, `${kind} of a living Pod's instance`);
    if (kind === 'delete' && !replaced && this.#isDue(known, instances))
      this.#fault(uid, 'instance released before its exit codes were written');
  }

  /** Before a write of the daemon is sent. */
  onWrite({ verb, uid }: ApiWrite, witness: Witness | undefined): void {
    if (verb !== 'delete' || uid === undefined || this.lateCreates.has(uid)) return;
    const shown = this.#known.get(uid)?.evidence === true;
    const left = this.#cloud.instances(uid);
    const lives = left.some(({ phase }) => phase !== 'Stopped');
    if (lives && (shown || witness?.created.has(uid)))
      this.#fault(uid, 'Pod removed from the API server while its instance lives');
    else if (left.length > 0 && (shown || witness?.asked.has(uid)) && !this.overlooked.has(uid))
      this.#fault(uid, 'Pod removed from the API server before its instance was released');
  }

  /** After the end of an incarnation. */
  onEnd({ recreated }: Witness): void {
    for (const uid of recreated) this.#fault(uid, 'created again by a process that knew of its instance');
  }

  /** When all faults are off and time enough has passed: nothing leaked, doubled, stuck or told wrongly. */
  conclude(): void {
    for (const { podUid, instances } of this.#cloud.ledger.doublings)
      this.#fault(podUid, `instances ${instances.join(' and ')} lived at the same time`);
    for (const { ref, phase } of this.#cloud.instances())
      if (this.#known.get(ref.podUid)?.gone !== false)
        this.#fault(ref.podUid, `instance ${ref.id} (${phase}) has no Pod`);
    for (const [uid, { pod, gone }] of this.#known) if (!gone) this.#concludePod(uid, pod);
  }

  #concludePod(uid: string, pod: Pod): void {
    const instances = this.#cloud.instances(uid);
    const live = instances.filter(({ phase }) => phase !== 'Stopped');
    const phase = pod.status?.phase;
    if (pod.metadata?.deletionTimestamp !== undefined)
      this.#fault(uid, `deleted, but still there (${phase})`);
    else if (isEnd(phase)) {
      if (live.length > 0) this.#fault(uid, `${phase}, but its instance lives`);
      this.#concludeEnded(uid, pod, instances[0]);
    } else if (live.length !== 1) this.#fault(uid, `${phase} with ${live.length} live instances`);
    else if (live[0] !== undefined) this.#concludeLiving(uid, pod, live[0]);
  }

  #concludeEnded(uid: string, pod: Pod, instance: Instance | undefined): void {
    const { phase, reason } = pod.status ?? {};
    if (instance === undefined) {
      const known = ['RefusedByTest', 'DeadlineExceeded'].includes(reason ?? '') || this.vanished.has(uid);
      if (!known) this.#fault(uid, `${phase} (${reason}) and nothing is left that proves it`);
      return;
    }
    if (reason === 'InstanceLost') {
      if (!this.vanished.has(uid)) this.#fault(uid, 'called lost, but its instance is there');
      return;
    }
    if (reason === 'DeadlineExceeded') {
      const { activeDeadlineSeconds = 0 } = pod.spec ?? {};
      const deadline = Date.parse(pod.status?.startTime ?? '') + activeDeadlineSeconds * 1000;
      if (endedByItself(pod, instance) && endOf(instance) < deadline)
        this.#fault(uid, 'called late, but it ended before its deadline');
      return;
    }
    const well = instance.containers.every(
      ({ state }) => state.kind === 'terminated' && state.exitCode === 0,
    );
    const expected = well && instance.stopCause === undefined ? 'Succeeded' : 'Failed';
    if (phase !== expected) this.#fault(uid, `${phase}, but its instance ended as ${expected}`);
  }

  #concludeLiving(uid: string, pod: Pod, instance: Instance): void {
    const shown = JSON.stringify(
      [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map(
        ({ name, containerID, ready, restartCount, state }) =>
          [name, containerID ?? '', ready, restartCount, Object.keys(state ?? {})[0]].join(),
      ),
    );
    const real = JSON.stringify(
      instance.containers.map(({ name, id, ready, restartCount, state }) =>
        [name, id === '' ? '' : `mock://${id}`, ready, restartCount, state.kind].join(),
      ),
    );
    if (shown !== real) this.#fault(uid, `shows ${shown}, its instance is ${real}`);
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True' && (ready.reason ?? ready.message) !== undefined)
      this.#fault(uid, `is Ready, but also ${ready.reason}: ${ready.message}`);
    this.#concludePurchase(uid, pod, instance);
    if (pod.status?.podIP !== instance.ips[0]) this.#fault(uid, `shows address ${pod.status?.podIP}`);
    const begun = instance.containers.every(({ id }) => id !== '');
    if (begun && pod.status?.phase !== 'Running') this.#fault(uid, `runs, but shows ${pod.status?.phase}`);
  }

  #concludePurchase(uid: string, pod: Pod, { ref, owner }: Instance): void {
    const { offer, size } = this.#cloud.inspect(ref).purchase ?? {};
    const { annotations = {} } = pod.metadata ?? {};
    const said = [annotations['burstlet.dev/offer'], annotations['burstlet.dev/instance-size']];
    if (said.join() !== [offer, size?.name].join())
      this.#fault(uid, `says ${said.join(' ')} was bought, it was ${offer} ${size?.name}`);
    if (attemptOf(pod) !== owner.attempt)
      this.#fault(uid, `says attempt ${attemptOf(pod)}, its instance is of ${owner.attempt}`);
  }

  /** The platform lost the Pod's instance, and a create that was still on its way has made another. */
  #cameBack(uid: string): boolean {
    return this.vanished.has(uid) && this.lateCreates.has(uid);
  }

  /** Nobody has a reason to end what runs for this Pod. */
  #mustLive({ pod, gone }: Known): boolean {
    if (gone || pod.metadata?.deletionTimestamp !== undefined || isEnd(pod.status?.phase)) return false;
    const seconds = pod.spec?.activeDeadlineSeconds;
    const start = Date.parse(pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? '');
    return seconds === undefined || this.#clock.now() < start + seconds * 1000;
  }

  /** A final status is owed: somebody counts the end of this Pod, and the only proof of it is about to go. */
  #isDue({ pod, gone }: Known, instances: readonly Instance[]): boolean {
    if (gone || isEnd(pod.status?.phase) || instances.some(({ phase }) => phase !== 'Stopped')) return false;
    const overdueAt = Date.parse(pod.metadata?.deletionTimestamp ?? '') + overdueMs;
    if (instances.length === 0 || this.#clock.now() >= overdueAt) return false;
    const counted = pod.spec?.restartPolicy !== 'Always' || (pod.metadata?.finalizers ?? []).length > 0;
    return counted || instances.some(({ containers }) => containers.some(endedBadly));
  }

  #fault(uid: string, what: string): void {
    const name = this.#known.get(uid)?.pod.metadata?.name ?? 'unknown Pod';
    this.violations.push(`${name} ${uid.slice(0, 8)}: ${what}`);
  }
}

function isEnd(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function showsContainers({ status }: Pod): boolean {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.some(({ containerID }) => containerID !== undefined && containerID !== '');
}

function attemptOf({ metadata }: Pod): number {
  return Number(metadata?.annotations?.['burstlet.dev/attempt'] ?? 0);
}

/** There was no stock for it, and the Pod says that there is another attempt. */
function isReplaced(pod: Pod, { owner, phase, stopCause, containers }: Instance): boolean {
  const begun = containers.some(({ id }) => id !== '');
  const leaving = pod.metadata?.deletionTimestamp !== undefined;
  const unserved = phase === 'Stopped' && stopCause?.kind === 'OutOfStock';
  return !begun && (owner.attempt < attemptOf(pod) || (leaving && unserved));
}

function endedBadly({ state }: Instance['containers'][number]): boolean {
  return state.kind === 'terminated' && ![0, 137, 143].includes(state.exitCode);
}

/** No container is left that its restart policy would have started again. */
function endedByItself({ spec }: Pod, { containers }: Instance): boolean {
  const policy = spec?.restartPolicy;
  return containers.every(
    ({ state }) =>
      state.kind === 'terminated' && (policy === 'Never' || (policy === 'OnFailure' && state.exitCode === 0)),
  );
}

function endOf({ containers }: Instance): number {
  const ends = containers.map(({ state }) =>
    state.kind === 'terminated' ? Date.parse(state.finishedAt) : 0,
  );
  return Math.max(0, ...ends);
}
