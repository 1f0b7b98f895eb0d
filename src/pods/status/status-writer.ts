import { isDeepStrictEqual } from 'node:util';
import { type Annotations, hasNotes } from '../../capacity/purchase-notes.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isInvalid, isNotFound } from '../../kube/errors.ts';
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
  /** Called when more is known of what the API server has: it took a status, or was read after a doubt. */
  readonly onWritten: (uid: string) => void;
  /** Told how long after it was known the API server took a status. */
  readonly onTaken?: ((lagMs: number) => void) | undefined;
}

/** Statuses that are likely to be overtaken wait: what lasts no longer than that is never written. Milliseconds. */
const settleMs = { starting: 1_000, leaving: 10_000 };

/** Annotations are never waited for: somebody waits for them. */
function settleTime(pod: Pod, { status: { phase }, annotations }: Wish): number {
  const { metadata } = pod;
  if (isTerminal(phase) || !hasNotes(pod, annotations)) return 0;
  if (metadata?.deletionTimestamp !== undefined) return settleMs.leaving;
  return phase === 'Pending' ? settleMs.starting : 0;
}

/** What a Pod shall say, beside what others write into it. */
interface Wish {
  readonly status: PodStatus;
  readonly annotations: Annotations;
}

interface Slot {
  pod: Pod;
  wanted: Wish;
  /** Since when it differs from what was written. */
  since?: number | undefined;
  /** What the API server took last, and what of it did not stay: an older server drops fields that it does not know. */
  accepted?: { readonly wanted: Wish; readonly rest: Record<string, unknown> | undefined };
  /** What it answered, until the cache has caught up. */
  answered?: Pod;
  /** Another write came in between, be it one of ours whose answer was lost: read before the next. */
  doubtful?: boolean;
}

/**
 * Writes Pod statuses: the latest wish per Pod, one write at a time, nothing when nothing changed. The UID in the
 * patch is a precondition, so a Pod of the same name never gets the status of its predecessor; and so is the version,
 * so a write that was long on its way (of this process or of one that has died) never takes an end back.
 */
export class StatusWriter {
  readonly #deps: StatusWriterDeps;
  readonly #queue: KeyedQueue;
  readonly #slots = new Map<string, Slot>();

  constructor(deps: StatusWriterDeps) {
    this.#deps = deps;
    this.#queue = new KeyedQueue(deps, { concurrency: 16 }, (uid, signal) => this.#write(uid, signal));
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  get depth(): number {
    return this.#queue.depth;
  }

  /**
   * `pod` is the Pod as {@link newest} gave it. Annotations go the way of the status, in the same write: a node may
   * change them there, with no further right and no further call.
   */
  want(uid: string, pod: Pod, status: PodStatus, annotations: Annotations = {}): void {
    const wanted: Wish = { status, annotations };
    const slot: Slot = this.#slots.get(uid) ?? { pod, wanted };
    this.#slots.set(uid, Object.assign(slot, { pod, wanted }));
    const patch = patchOf(pod, wanted);
    if (patch === undefined) {
      slot.since = undefined;
      return;
    }
    const { accepted } = slot;
    if (isDeepStrictEqual(accepted?.wanted, wanted) && isDeepStrictEqual(accepted?.rest, patch)) return;
    slot.since ??= this.#deps.clock.now();
    this.#queue.addAfter(uid, settleTime(pod, wanted));
  }

  /** The Pod with the newest status known: the cache may be behind our own last write. */
  newest(uid: string, cached: Pod): Pod {
    const slot = this.#slots.get(uid);
    if (slot?.answered === undefined) return cached;
    if (isOlder(versionOf(cached), versionOf(slot.answered))) return slot.answered;
    delete slot.answered;
    return cached;
  }

  /** True when the watch shows what the API server has answered already: that was acted on when it came. */
  catchesUp(uid: string, shown: Pod): boolean {
    const slot = this.#slots.get(uid);
    if (slot?.answered === undefined || versionOf(slot.answered) !== versionOf(shown)) return false;
    // The one in the cache is kept anyway, and is the smaller.
    delete slot.answered;
    slot.pod = shown;
    return true;
  }

  forget(uid: string): void {
    this.#slots.delete(uid);
  }

  async #write(uid: string, signal: AbortSignal): Promise<void> {
    const slot = this.#slots.get(uid);
    if (slot === undefined) return;
    if (slot.doubtful) return this.#read(uid, slot, signal);
    const { wanted } = slot;
    const base = this.newest(uid, slot.pod);
    if (isTerminal(base.status?.phase)) return;
    const patch = patchOf(base, wanted);
    if (patch === undefined) return;
    const { name = '', namespace = '' } = base.metadata ?? {};
    try {
      const { metadata, ...rest } = patch;
      const body = { metadata: { uid, resourceVersion: versionOf(base), ...metadata }, ...rest };
      const pod = await this.#deps.client.patch(pods, { name, namespace }, body, {
        subresource: 'status',
        type: 'strategic',
        signal,
      });
      slot.accepted = { wanted, rest: patchOf(pod, wanted) };
      slot.answered = pod;
      if (slot.since !== undefined) this.#deps.onTaken?.(this.#deps.clock.now() - slot.since);
      // One that has come meanwhile begins anew.
      slot.since = slot.wanted === wanted ? undefined : this.#deps.clock.now();
      this.#deps.onWritten(uid);
    } catch (error) {
      if (isNotFound(error)) return;
      if (isInvalid(error))
        this.#deps.log.error(
          { uid, namespace, name, error: String(error) },
          'the API server refuses a Pod status',
        );
      slot.doubtful = isConflict(error);
      throw error;
    }
  }

  /** Ends a doubt. What is wanted is then to be decided anew, from what is there. */
  async #read(uid: string, slot: Slot, signal: AbortSignal): Promise<void> {
    const { name = '', namespace = '' } = slot.pod.metadata ?? {};
    try {
      const pod = await this.#deps.client.get(pods, { name, namespace }, { signal });
      if (pod.metadata?.uid !== uid) return;
      slot.answered = pod;
      slot.doubtful = false;
      this.#deps.onWritten(uid);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

interface Patch extends Record<string, unknown> {
  metadata?: { readonly annotations: Annotations };
  status?: Record<string, unknown>;
}

/** Undefined when nothing differs. */
function patchOf(base: Pod, { status: wanted, annotations }: Wish): Patch | undefined {
  const status = statusPatch(base.status, wanted);
  const noted = hasNotes(base, annotations);
  if (status === undefined && noted) return undefined;
  return { ...(noted ? {} : { metadata: { annotations } }), ...(status && { status }) };
}

function versionOf({ metadata }: Pod): string {
  return metadata?.resourceVersion ?? '0';
}
