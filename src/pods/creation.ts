import type { Capabilities, InstanceProvider, Ownership } from '../../providers/contract/index.ts';
import { instanceToken, providerErrorKind } from '../../providers/contract/index.ts';
import { attemptOf } from '../capacity/purchase-notes.ts';
import { Shutters } from '../capacity/shutters.ts';
import type { Pod } from '../kube/types.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { enforcedSpec } from './admission/enforced.ts';
import type { InstanceTable } from './instance-table.ts';
import { noteAdmitted } from './not-enforced.ts';
import type { Admission, PodEvents } from './pod-reconciler.ts';
import type { PodRecord } from './pod-record.ts';
import { bounded, createFailure } from './provider-calls.ts';
import type { Purchaser } from './purchaser.ts';
import type { ResolvedSpec, SpecSource, VolumeFollower } from './specs/spec-source.ts';
import type { Verdict } from './status/pod-status.ts';
import { waitingEvent } from './waiting-event.ts';

export interface CreationDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly provider: InstanceProvider;
  readonly clusterUid: string;
  readonly nodeName: string;
  readonly table: InstanceTable;
  readonly admission: Admission;
  readonly specs: SpecSource;
  readonly volumes: VolumeFollower;
  readonly events: PodEvents;
  readonly again: (uid: string, ms: number) => void;
  /** Undefined where nothing is bought. */
  readonly purchaser: Purchaser | undefined;
  /** Of all Pods, in the order in which they came. */
  readonly records: ReadonlyMap<string, PodRecord>;
}

/** From a Pod to its instance: whether it may be, what it needs, what is bought for it, and what becomes of the call. */
export class Creation {
  readonly #deps: CreationDeps;
  readonly #capabilities: Capabilities;
  /** The quotas of the provider, by market: one Pod tries for all. */
  readonly #quotas: Shutters;

  constructor(deps: CreationDeps) {
    this.#deps = deps;
    this.#capabilities = deps.provider.capabilities();
    this.#quotas = new Shutters({ ...deps, firstMs: 5_000, longestMs: 120_000 });
  }

  /** Decides what to buy. */
  choose(uid: string, pod: Pod, record: PodRecord, replaces: boolean): void {
    if (!this.#admit(uid, pod, record)) return;
    const refusal = this.#deps.purchaser?.choose(pod, record, replaces);
    if (refusal !== undefined) this.#refuse(uid, pod, record, refusal);
    this.#deps.again(uid, 0);
  }

  #admit(uid: string, pod: Pod, record: PodRecord): boolean {
    if (record.admitted) return true;
    const refusal = this.#deps.admission.refusal(pod);
    if (refusal !== undefined) {
      this.#refuse(uid, pod, record, refusal);
      return false;
    }
    record.admitted = true;
    noteAdmitted({ capabilities: this.#capabilities, events: this.#deps.events }, pod, record);
    return true;
  }

  async create(uid: string, pod: Pod, record: PodRecord, signal: AbortSignal): Promise<void> {
    const { clock, provider, table, volumes, again } = this.#deps;
    if (!this.#admit(uid, pod, record)) return;
    const resolved = await this.resolve(uid, pod, record, signal);
    if (resolved === undefined) return;
    const purchase = this.#deps.purchaser?.purchase(pod, record);
    if (this.#deps.purchaser !== undefined && purchase === undefined) {
      again(uid, 0);
      return;
    }
    const market = purchase?.market ?? '';
    const full = this.#quotas.pass(market);
    if (full !== undefined) {
      this.#queue(uid, record, full.until, full.why);
      return;
    }
    const spec = purchase === undefined ? resolved.spec : { ...resolved.spec, purchase };
    const calledAt = clock.now();
    try {
      const instance = await bounded(clock, signal, (bound) =>
        provider.create(spec, instanceToken(spec.owner), bound),
      );
      Object.assign(record, { created: 'yes', adopted: true, failures: 0, lastInstance: instance });
      delete record.waiting;
      delete record.queued;
      table.created(instance);
      volumes.follow(pod, instance.ref, resolved);
      if (this.#quotas.open(market)) this.#wakeQueued(Infinity);
    } catch (error) {
      this.#createFailed(uid, pod, record, error, { market, calledAt });
    }
  }

  #createFailed(
    uid: string,
    pod: Pod,
    record: PodRecord,
    error: unknown,
    { market, calledAt }: { readonly market: string; readonly calledAt: number },
  ): void {
    const { clock, random, log, again } = this.#deps;
    const failure = createFailure(error, record, random);
    if (failure.kind === 'refused') {
      this.#refuse(uid, pod, record, failure.refusal);
      return;
    }
    const { uncertain, waiting, waitMs } = failure;
    const kind = providerErrorKind(error);
    if (uncertain) Object.assign(record, { created: 'unknown', doubtAt: clock.now() });
    log.warn({ uid, error: String(error), kind, failures: record.failures }, 'create failed');
    const { message } = waiting;
    if (kind === 'QuotaExceeded') {
      this.#queue(uid, record, this.#quotas.shut(market, calledAt, message), message);
      return;
    }
    record.failures++;
    if (kind === 'OutOfStock' && this.#deps.purchaser !== undefined)
      this.#deps.purchaser.outOfStock(pod, record, message);
    else {
      record.holdUntil = clock.now() + waitMs;
      this.#waits(pod, record, waiting);
    }
    again(uid, 0);
  }

  /** The Pod says why it waits; an Event does when it is for another reason than before. */
  #waits(pod: Pod, record: PodRecord, waiting: Verdict): void {
    // Of a shortage the condition tells.
    if (waiting.reason !== 'OutOfStock' && waiting.reason !== record.waiting?.reason)
      this.#deps.events(pod, 'Warning', waiting.reason, waiting.message);
    record.waiting = waiting;
  }

  /** There is no room at the provider now; one of those that wait tries for all. */
  #queue(uid: string, record: PodRecord, until: number, message: string): void {
    record.waiting = { reason: 'QuotaExceeded', message };
    record.queued = true;
    record.holdUntil = until;
    this.#deps.again(uid, 0);
  }

  /** The first of those that wait for the quota, in the order in which they came. */
  #wakeQueued(count: number): void {
    let left = count;
    for (const [uid, record] of this.#deps.records) {
      if (left <= 0) return;
      if (!record.queued) continue;
      record.holdUntil = 0;
      this.#deps.again(uid, 0);
      left--;
    }
  }

  #refuse(uid: string, pod: Pod, record: PodRecord, refusal: Verdict): void {
    record.refusal = refusal;
    delete record.queued;
    this.#deps.events(pod, 'Warning', refusal.reason, refusal.message);
    this.#deps.again(uid, 0);
  }

  /** The Pod resolved, or undefined when the Pod has to wait or can never run; the record then says why. */
  async resolve(
    uid: string,
    pod: Pod,
    record: PodRecord,
    signal: AbortSignal,
  ): Promise<ResolvedSpec | undefined> {
    const { clusterUid, nodeName, specs, events, again, clock } = this.#deps;
    const attempt = this.#deps.purchaser === undefined ? 0 : attemptOf(pod);
    const resolution = await specs.resolve(pod, ownershipOf(pod, clusterUid, nodeName, attempt), signal);
    if (resolution.kind === 'spec')
      return { ...resolution, spec: enforcedSpec(resolution.spec, this.#capabilities) };
    if (resolution.kind === 'invalid') {
      record.holdUntil = clock.now() + missingReferenceMs;
      this.#refuse(uid, pod, record, resolution.verdict);
      return undefined;
    }
    if (record.waiting?.message !== resolution.verdict.message) {
      const { reason, message, container } = waitingEvent(resolution.verdict);
      events(pod, 'Warning', reason, message, container);
    }
    record.waiting = resolution.verdict;
    record.holdUntil = clock.now() + missingReferenceMs;
    again(uid, 0);
    return undefined;
  }

  /** An instance is gone: there may be room for another. */
  released(): void {
    if (this.#quotas.ease()) this.#wakeQueued(1);
  }
}

/** Whose instance of this Pod it is. Where nothing is bought there is never more than one attempt. */
export function ownershipOf({ metadata }: Pod, clusterUid: string, node: string, attempt = 0): Ownership {
  const { uid = '', name = '', namespace = '' } = metadata ?? {};
  return { clusterUid, node, namespace, name, podUid: uid, attempt };
}

/** A safety net: what is missing is watched, and its coming ends the wait. */
const missingReferenceMs = 60_000;
