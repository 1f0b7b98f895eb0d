import type { Instance, InstanceRef, Notice, OwnerScope, Ownership } from '../contract/index.ts';
import { inScope } from '../contract/index.ts';
import type { Group, GroupStatus } from './api/eci-api.ts';
import { killedEnd, lastState, unknownEnd } from './view/end.ts';
import { laterOf } from './view/group-phase.ts';
import { instanceView } from './view/group-view.ts';
import type { Told } from './view/notices.ts';
import { newNotices } from './view/notices.ts';

/** A listing may be older than a deletion: what was deleted is not taken for new again in this time. */
const deletedMs = 3600_000;
/** How long an instance that was just created may be missing from what the platform shows. */
const lateMs = 120_000;

interface Entry {
  readonly instance: Instance;
  readonly status: GroupStatus | undefined;
  readonly told: Told;
  /** When it was created here, while the platform has not shown it; milliseconds. */
  readonly createdAt?: number;
  /** What the caller was told of its creation stands. */
  readonly isPinned: boolean;
  /** When the API accepted that it is deleted; milliseconds. */
  readonly stopAskedAt?: number;
  /** When it was deleted by force: what ran was killed; milliseconds. */
  readonly killedAt?: number;
  /** The platform has proven that it does not have it any more. */
  readonly isGone?: boolean;
  /** vCPU of its size. */
  readonly cpu: number;
}

/**
 * The instances of this account that carry our marks, as they were seen last. It remembers what the platform forgets:
 * how an instance ended, until the node has deleted it.
 */
export class KnownInstances {
  readonly #entries = new Map<string, Entry>();
  readonly #deleted = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(id: string): Instance | undefined {
    return this.#entries.get(id)?.instance;
  }

  byToken(owner: Ownership): Instance | undefined {
    for (const { instance } of this.#entries.values())
      if (instance.owner.podUid === owner.podUid && instance.owner.attempt === owner.attempt) return instance;
    return undefined;
  }

  inScope(scope: OwnerScope): readonly Instance[] {
    return [...this.#entries.values()].flatMap(({ instance }) =>
      inScope(instance.owner, scope) ? [instance] : [],
    );
  }

  /** vCPU that live instances have, of all scopes. */
  usedCpu(): number {
    let sum = 0;
    for (const { instance, cpu } of this.#entries.values()) if (instance.phase !== 'Stopped') sum += cpu;
    return sum;
  }

  /** An instance that the API has just accepted. */
  accepted(ref: InstanceRef, owner: Ownership, cpu: number): Instance {
    const now = this.#now();
    const instance: Instance = {
      ref,
      owner,
      phase: 'Pending',
      createdAt: new Date(now).toISOString(),
      ips: [],
      containers: [],
      waiting: { reason: 'Scheduling', message: 'waiting for capacity' },
    };
    const told = { until: now - lateMs, keys: new Set<string>() };
    this.#entries.set(ref.id, { instance, status: undefined, told, createdAt: now, isPinned: false, cpu });
    return instance;
  }

  /**
   * What the platform shows of a group. Undefined when it was deleted here. Events of before the first sight are not
   * told: they were, by the process before this one, or nobody waits for them.
   */
  saw(
    group: Group,
    owner: Ownership,
    status: GroupStatus | undefined,
  ): { instance: Instance; notices: readonly Notice[] } | undefined {
    const id = group.containerGroupId ?? '';
    if (this.#isDeleted(id)) return undefined;
    const before = this.#entries.get(id);
    const lastStatus = status ?? before?.status;
    const seen = instanceView(group, owner, lastStatus);
    const phase = before === undefined ? seen.phase : laterOf(before.instance.phase, seen.phase);
    const { notices, told } = newNotices(
      group.events ?? [],
      before?.told ?? { until: this.#now(), keys: new Set() },
    );
    const createdAt = before?.isPinned ? before.instance.createdAt : seen.createdAt;
    // What comes late, after it was proven to be gone, says nothing of how it ended.
    const isLate = before?.instance.phase === 'Stopped' && seen.phase !== 'Stopped';
    const instance = isLate ? before.instance : { ...seen, phase, createdAt };
    const { createdAt: _, ...kept } = before ?? {};
    this.#entries.set(id, {
      ...kept,
      instance,
      status: lastStatus,
      told,
      isPinned: before?.isPinned ?? false,
      cpu: group.cpu ?? before?.cpu ?? 0,
    });
    return { instance, notices };
  }

  /**
   * The platform has proven that it does not have it. What was asked to stop, or was on its way out, has stopped; what
   * had ended stays as it was; anything else is lost, and no longer known.
   */
  missing(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { instance, createdAt, stopAskedAt, killedAt } = entry;
    const isAsked = stopAskedAt !== undefined;
    if (createdAt !== undefined && !isAsked && this.#now() < createdAt + lateMs) return;
    if (!isAsked && instance.phase !== 'Stopping' && instance.phase !== 'Stopped') {
      this.#entries.delete(id);
      return;
    }
    const hasRun = instance.containers.some(({ id: run }) => run !== '');
    const endMs = killedAt ?? (hasRun ? undefined : stopAskedAt) ?? this.#now();
    const ending = killedAt === undefined ? unknownEnd : killedEnd;
    this.#entries.set(id, {
      ...entry,
      instance: lastState(instance, wholeSecond(endMs), ending),
      isGone: true,
    });
  }

  stopAsked(id: string): void {
    this.#change(id, (entry) => ({
      ...entry,
      stopAskedAt: this.#now(),
      instance: { ...entry.instance, phase: laterOf(entry.instance.phase, 'Stopping') },
    }));
  }

  /** The caller of create has seen when it was created: that does not change any more. */
  pinned(id: string): void {
    this.#change(id, (entry) => ({ ...entry, isPinned: true }));
  }

  killed(id: string): void {
    this.#change(id, (entry) => ({ ...entry, killedAt: this.#now() }));
  }

  isStopAsked(id: string): boolean {
    return this.#entries.get(id)?.stopAskedAt !== undefined;
  }

  /** The API has accepted that it is deleted. */
  isLeaving(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && (entry.stopAskedAt !== undefined || entry.killedAt !== undefined);
  }

  /** Nothing but what is remembered of it is left. */
  isGone(id: string): boolean {
    return this.#entries.get(id)?.isGone === true;
  }

  statusOf(id: string): GroupStatus | undefined {
    return this.#entries.get(id)?.status;
  }

  /** It is gone, and nobody needs to know any more how it ended. */
  deleted(id: string): void {
    const now = this.#now();
    this.#entries.delete(id);
    for (const [old, at] of this.#deleted) if (at < now - deletedMs) this.#deleted.delete(old);
    this.#deleted.set(id, now);
  }

  #isDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  #change(id: string, change: (entry: Entry) => Entry): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#entries.set(id, change(entry));
  }
}

/** As the API writes times. */
function wholeSecond(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}
