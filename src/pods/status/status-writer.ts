import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from '../../kube/client.ts';
import { isInvalid, isNotFound } from '../../kube/errors.ts';
import { isOlder } from '../../kube/resource-version.ts';
import { pods } from '../../kube/resources.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { isTerminal } from './phase.ts';
import { statusPatch } from './status-patch.ts';

export interface StatusWriterDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  /** Called after the API server took a status: what waits for it may go on. */
  readonly onWritten: (uid: string) => void;
}

/** A Pod that becomes Running within this time never shows Pending: that write would say nothing that lasts. */
const settleMs = 1_000;

interface Slot {
  pod: Pod;
  wanted: PodStatus;
  /** What the API server took last, and what of it did not stay: an older server drops fields that it does not know. */
  accepted?: { readonly wanted: PodStatus; readonly rest: Record<string, unknown> | undefined };
  /** What it answered, until the cache has caught up. */
  answered?: { readonly version: string; readonly status: PodStatus };
}

/**
 * Writes Pod statuses: the latest wish per Pod, one write at a time, nothing when nothing changed. The UID in the
 * patch is a precondition, so a Pod of the same name never gets the status of its predecessor.
 */
export class StatusWriter {
  readonly #deps: StatusWriterDeps;
  readonly #queue: KeyedQueue;
  readonly #slots = new Map<string, Slot>();

  constructor(deps: StatusWriterDeps) {
    this.#deps = deps;
    this.#queue = new KeyedQueue(deps, { concurrency: 32 }, (uid, signal) => this.#write(uid, signal));
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  get depth(): number {
    return this.#queue.depth;
  }

  /** `pod` is the Pod as {@link newest} gave it. */
  want(uid: string, pod: Pod, wanted: PodStatus): void {
    const slot = this.#slots.get(uid);
    if (slot === undefined) this.#slots.set(uid, { pod, wanted });
    else Object.assign(slot, { pod, wanted });
    const patch = statusPatch(pod.status, wanted);
    if (patch === undefined) return;
    const accepted = slot?.accepted;
    if (isDeepStrictEqual(accepted?.wanted, wanted) && isDeepStrictEqual(accepted?.rest, patch)) return;
    if (wanted.phase === 'Pending') this.#queue.addAfter(uid, settleMs);
    else this.#queue.add(uid);
  }

  /** The Pod with the newest status known: the cache may be behind our own last write. */
  newest(uid: string, cached: Pod): Pod {
    const slot = this.#slots.get(uid);
    if (slot?.answered === undefined) return cached;
    if (isOlder(cached.metadata?.resourceVersion ?? '0', slot.answered.version))
      return { ...cached, status: slot.answered.status };
    delete slot.answered;
    return cached;
  }

  forget(uid: string): void {
    this.#slots.delete(uid);
  }

  async #write(uid: string, signal: AbortSignal): Promise<void> {
    const slot = this.#slots.get(uid);
    if (slot === undefined) return;
    const { wanted } = slot;
    const base = this.newest(uid, slot.pod);
    if (isTerminal(base.status?.phase)) return;
    const status = statusPatch(base.status, wanted);
    if (status === undefined) return;
    const { name, namespace } = slot.pod.metadata ?? {};
    if (name === undefined || namespace === undefined) return;
    try {
      const body = { metadata: { uid }, status };
      const pod = await this.#deps.client.patch(pods, { name, namespace }, body, {
        subresource: 'status',
        type: 'strategic',
        signal,
      });
      slot.accepted = { wanted, rest: statusPatch(pod.status, wanted) };
      const version = pod.metadata?.resourceVersion;
      if (pod.status !== undefined && version !== undefined) slot.answered = { version, status: pod.status };
      this.#deps.onWritten(uid);
    } catch (error) {
      if (isNotFound(error)) return;
      if (isInvalid(error))
        this.#deps.log.error(
          { uid, namespace, name, error: String(error) },
          'the API server refuses a Pod status',
        );
      throw error;
    }
  }
}
