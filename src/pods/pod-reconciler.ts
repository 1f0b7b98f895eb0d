import type { Capabilities, Instance, InstanceProvider } from '../../providers/contract/index.ts';
import { providerErrorKind } from '../../providers/contract/index.ts';
import type { Spending } from '../capacity/cost-book.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { pods } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Creation } from './creation.ts';
import { type Action, type Decision, decide } from './decide.ts';
import { addEphemeral } from './ephemeral-containers.ts';
import type { InstanceTable } from './instance-table.ts';
import { notEnforcedNotes, noteAdopted } from './not-enforced.ts';
import { createRecord, type PodRecord } from './pod-record.ts';
import { bounded, retryWaitMs } from './provider-calls.ts';
import { Purchaser } from './purchaser.ts';
import type { SaleView, StockPolicy } from './sale.ts';
import { shortageToTell } from './shortage.ts';
import type { SpecSource, VolumeFollower } from './specs/spec-source.ts';
import { observationsOf } from './status/container-statuses.ts';
import { interruptionToTell, type StatusContext, type Verdict } from './status/pod-status.ts';
import type { StatusWriter } from './status/status-writer.ts';

/** What the node does not take, and why. */
export interface Admission {
  /** Undefined = the Pod may run here. */
  refusal(pod: Pod): Verdict | undefined;
  /** Of one ephemeral container of a Pod that runs. */
  ephemeralRefusal(pod: Pod, name: string): Verdict | undefined;
}

/** Tells people of a Pod, or of one of its containers. Never blocks, never throws. */
export type PodEvents = (
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  container?: string,
) => void;

export interface PodReconcilerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly provider: InstanceProvider;
  readonly clusterUid: string;
  readonly nodeName: string;
  readonly hostIp: () => string;
  readonly table: InstanceTable;
  readonly writer: StatusWriter;
  readonly admission: Admission;
  readonly specs: SpecSource;
  readonly volumes: VolumeFollower;
  readonly events: PodEvents;
  /** Where instances are bought. */
  readonly stockPolicy: StockPolicy;
  /** The Pod in the cache. */
  readonly cached: (uid: string) => Pod | undefined;
  /** Both sides were listed completely. */
  readonly confirmed: () => boolean;
  /** Lists the provider's side now. */
  readonly look: () => Promise<void>;
  /** Run the UID again after `ms` at the latest (0 = at once). */
  readonly again: (uid: string, ms: number) => void;
}

/** Carries out what {@link decide} decides, one Pod at a time. Holds what this process remembers of each. */
export class PodReconciler {
  readonly #deps: PodReconcilerDeps;
  readonly #records = new Map<string, PodRecord>();
  readonly #capabilities: Capabilities;
  readonly #purchaser: Purchaser | undefined;
  readonly #creation: Creation;

  constructor(deps: PodReconcilerDeps) {
    this.#deps = deps;
    this.#capabilities = deps.provider.capabilities();
    this.#purchaser = Purchaser.of({
      ...deps,
      policy: deps.stockPolicy,
      onStock: () => this.#wakeShut(0),
      onShut: (until) => this.#wakeShut(until),
    });
    this.#creation = new Creation({ ...deps, purchaser: this.#purchaser, records: this.#records });
  }

  uids(): IterableIterator<string> {
    return this.#records.keys();
  }

  /** What the instances cost, where they are bought. */
  get spending(): readonly Spending[] {
    return this.#purchaser?.spending ?? [];
  }

  /** The watch said that this Pod left the API server. */
  sawDeleted(uid: string): void {
    const record = this.#records.get(uid);
    if (record !== undefined) record.sawDeleted = true;
  }

  /** What was missing is there, or something else changed for the better: do not wait any longer. */
  retryNow(uid: string): void {
    const record = this.#records.get(uid);
    if (record === undefined) return;
    record.holdUntil = 0;
    for (const [name, known] of record.ephemeral)
      if (known.retryAt < Infinity) record.ephemeral.set(name, { ...known, retryAt: 0 });
  }

  async reconcile(uid: string, signal: AbortSignal): Promise<void> {
    const { cached, clock, confirmed, table, writer, again } = this.#deps;
    if (!confirmed()) return;
    const found = cached(uid);
    const pod = found === undefined ? undefined : writer.newest(uid, found);
    const record = this.#record(uid, pod);
    const instances = table.of(uid);
    const latest = instances.at(-1);
    if (latest !== undefined) Object.assign(record, { lastInstance: latest, created: 'yes' });
    if (pod === undefined && !(await this.#provenGone(uid, record, latest, signal))) return;
    if (latest === undefined) this.#purchaser?.gone(record.lastInstance);
    else if (pod !== undefined) this.#purchaser?.saw(pod, record, latest);
    const sale = pod === undefined ? undefined : this.#purchaser?.view(pod, record);
    const view = {
      pod,
      instances,
      record,
      confirmed: true,
      retainsStopped: this.#capabilities.retainsStopped,
      ...(sale === undefined ? {} : { sale }),
      context: this.#context(record),
    };
    const decision = decide(view);
    if (pod !== undefined) {
      this.#say(uid, pod, record, decision, sale);
      if (decision.late !== undefined) this.#tellLate(pod, record, decision.late);
    }
    if (decision.wakeAt !== undefined) again(uid, Math.max(1, decision.wakeAt - clock.now()));
    await this.#act(uid, pod, record, decision.action, signal);
  }

  /** Into the status and the annotations of the Pod, and what is news also as an Event. */
  #say(
    uid: string,
    pod: Pod,
    record: PodRecord,
    { status, claim }: Decision,
    sale: SaleView | undefined,
  ): void {
    if (status === undefined) return;
    const { events, writer } = this.#deps;
    const wish = { deciding: sale?.deciding ?? false, claims: claim === true };
    writer.want(uid, pod, status, {
      ...notEnforcedNotes(record),
      ...this.#purchaser?.annotations(pod, record, status.phase, wish),
    });
    const shortage = shortageToTell(pod, status, record);
    if (shortage !== undefined) events(pod, 'Warning', shortage.reason, shortage.message);
    const interruption = interruptionToTell(pod, record);
    if (interruption !== undefined) events(pod, 'Warning', 'Interrupted', interruption);
  }

  /** Those that wait for stock decide anew then (milliseconds; 0 = now), if they meant to sleep longer. */
  #wakeShut(until: number): void {
    for (const [uid, record] of this.#records) {
      if (record.shutUntil === undefined || record.shutUntil <= until) continue;
      record.shutUntil = until;
      this.#deps.again(uid, Math.max(0, until - this.#deps.clock.now()));
    }
  }

  #record(uid: string, pod: Pod | undefined): PodRecord {
    let record = this.#records.get(uid);
    if (record === undefined) {
      record = createRecord(this.#deps.clock.now(), pod);
      this.#records.set(uid, record);
    }
    return record;
  }

  #context(record: PodRecord): StatusContext {
    const { provider, hostIp, clock } = this.#deps;
    const { acceptedAt, ephemeral } = record;
    return { providerName: provider.name, hostIp: hostIp(), now: clock.now(), acceptedAt, ephemeral };
  }

  /** The cache does not have the Pod. Before an instance dies for that, the API server itself must say so. */
  async #provenGone(
    uid: string,
    record: PodRecord,
    instance: Instance | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (record.sawDeleted || instance === undefined) return true;
    const { namespace, name } = instance.owner;
    try {
      const pod = await this.#deps.client.get(pods, { namespace, name }, { signal });
      if (pod.metadata?.uid === uid) {
        this.#deps.again(uid, 5_000);
        return false;
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#deps.log.info(
      { uid, namespace, name, instance: instance.ref.id },
      'found an instance whose Pod is gone',
    );
    record.sawDeleted = true;
    return true;
  }

  async #act(
    uid: string,
    pod: Pod | undefined,
    record: PodRecord,
    action: Action,
    signal: AbortSignal,
  ): Promise<void> {
    switch (action.type) {
      case 'none':
        return;
      case 'forget':
        this.#records.delete(uid);
        this.#deps.writer.forget(uid);
        this.#deps.specs.forget(uid);
        this.#deps.volumes.forget(uid);
        return;
      case 'create':
        if (pod !== undefined) await this.#creation.create(uid, pod, record, signal);
        return;
      case 'choose':
        if (pod !== undefined) this.#creation.choose(uid, pod, record, action.replaces);
        return;
      case 'adopt':
        if (pod !== undefined) await this.#adopt(uid, pod, record, action.instance, signal);
        return;
      case 'addContainers':
        if (pod === undefined) return;
        await addEphemeral(this.#deps, { pod, record, instance: action.instance }, action.names, signal);
        this.#deps.again(uid, 0);
        return;
      case 'stop':
        return this.#stop(uid, pod, record, action.instance, action.gracePeriodSeconds, signal);
      case 'release':
        return this.#release(uid, record, action.instance, signal);
      case 'look':
        return this.#attempt(uid, record, async () => {
          const { clock, look } = this.#deps;
          const lookedAt = clock.now();
          await look();
          Object.assign(record, { lookedAt, created: 'no' });
        });
      case 'finalize':
        if (pod !== undefined) await this.#finalize(uid, pod, record, signal);
    }
  }

  #tellLate(pod: Pod, record: PodRecord, { reason, message }: Verdict): void {
    if (record.toldLate) return;
    record.toldLate = true;
    this.#deps.events(pod, 'Normal', reason, message);
  }

  async #adopt(
    uid: string,
    pod: Pod,
    record: PodRecord,
    instance: Instance,
    signal: AbortSignal,
  ): Promise<void> {
    if (!record.admitted)
      noteAdopted({ capabilities: this.#capabilities, events: this.#deps.events }, pod, record);
    record.admitted = true;
    this.#deps.volumes.follow(pod, instance.ref);
    if (this.#deps.provider.adopt === undefined) {
      record.adopted = true;
      this.#deps.again(uid, 0);
      return;
    }
    const adopt = await this.#adoption(uid, pod, record, instance, signal);
    if (adopt === undefined) return;
    await this.#attempt(uid, record, async () => {
      await bounded(this.#deps.clock, signal, adopt);
      record.adopted = true;
    });
  }

  /** The way to hand over the spec of an instance; undefined when the provider wants none, or it cannot be had now. */
  async #adoption(
    uid: string,
    pod: Pod,
    record: PodRecord,
    { ref }: Instance,
    signal: AbortSignal,
  ): Promise<((signal: AbortSignal) => Promise<void>) | undefined> {
    const { provider } = this.#deps;
    if (provider.adopt === undefined) return undefined;
    const resolved = await this.#creation.resolve(uid, pod, record, signal);
    if (resolved === undefined) return undefined;
    return async (bound) => provider.adopt?.(ref, resolved.spec, bound, observationsOf(pod));
  }

  async #stop(
    uid: string,
    pod: Pod | undefined,
    record: PodRecord,
    instance: Instance,
    gracePeriodSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { provider, clock, table } = this.#deps;
    const adopt =
      pod === undefined || record.adopted
        ? undefined
        : await this.#adoption(uid, pod, record, instance, signal);
    await this.#attempt(uid, record, async () => {
      try {
        // In one turn: with the spec the provider knows the preStop hooks, and with the stop it restarts nothing.
        await bounded(clock, signal, async (bound) => {
          const stopping = provider.stop(instance.ref, { gracePeriodSeconds }, bound);
          await Promise.all([stopping, adopt?.(bound)]);
        });
      } catch (error) {
        if (providerErrorKind(error) !== 'NotFound') throw error;
        table.remove(instance.ref);
      }
      record.stopping = { gracePeriodSeconds, at: clock.now() };
    });
  }

  #release(uid: string, record: PodRecord, instance: Instance, signal: AbortSignal): Promise<void> {
    const { provider, clock, table } = this.#deps;
    return this.#attempt(uid, record, async () => {
      await bounded(clock, signal, (bound) => provider.delete(instance.ref, bound));
      delete record.stopping;
      table.remove(instance.ref);
      this.#creation.released();
    });
  }

  async #finalize(uid: string, pod: Pod, record: PodRecord, signal: AbortSignal): Promise<void> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    try {
      await this.#deps.client.delete(pods, { name, namespace }, { gracePeriodSeconds: 0, uid, signal });
    } catch (error) {
      // Not there, or there is another Pod of that name: ours is gone.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    record.deleted = true;
  }

  /** A provider call whose failure only costs time. */
  async #attempt(uid: string, record: PodRecord, call: () => Promise<void>): Promise<void> {
    const { clock, random, log, again } = this.#deps;
    try {
      await call();
      record.failures = 0;
    } catch (error) {
      const waitMs = retryWaitMs(error, record.failures, random);
      record.failures++;
      record.holdUntil = clock.now() + waitMs;
      log.warn(
        { uid, error: String(error), kind: providerErrorKind(error), failures: record.failures, waitMs },
        'provider call failed',
      );
    }
    again(uid, 0);
  }
}
