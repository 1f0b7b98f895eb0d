import type {
  CallPriority,
  Instance,
  InstanceListener,
  OwnerScope,
  ProviderClock,
} from '../contract/index.ts';
import { inScope } from '../contract/index.ts';
import type { Group, GroupStatus } from './api/eci-api.ts';
import type { KnownInstances } from './known.ts';
import type { Lookup } from './lookup.ts';
import type { GroupReader } from './reader.ts';
import { ownerOf } from './view/group-view.ts';

/** Everything is listed anew after this time, whatever the changes were said to be; later when that takes many pages. */
const relistMs = 60_000;
const relistMsPerInstance = 300;
/** The clocks of the API and of this machine differ, and a change may be shown a little late. */
const overlapSeconds = 5;

/** How far one observer has come. */
export interface Watch {
  readonly scope: OwnerScope;
  /** Milliseconds; undefined = never. */
  listedAt?: number;
  askedAt?: number;
}

interface Observer {
  readonly scope: OwnerScope;
  readonly listener: InstanceListener;
}

export interface FleetDeps {
  readonly known: KnownInstances;
  readonly reader: GroupReader;
  readonly lookup: Lookup;
  readonly clock: ProviderClock;
}

/** What is known of the instances, kept up with the platform. */
export class Fleet {
  readonly #deps: FleetDeps;
  readonly #observers = new Set<Observer>();

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  /** Whose listener hears of notices, until the returned function is called. */
  hear(scope: OwnerScope, listener: InstanceListener): () => void {
    const observer = { scope, listener };
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** All instances of the scope, complete or rejected. */
  async list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    const { known, reader } = this.#deps;
    const expectsNone = known
      .inScope(scope)
      .every(({ ref, phase }) => phase === 'Stopped' || known.isLeaving(ref.id));
    // In this order: a group that is older than its status would not be looked at again when that status comes up.
    const statuses = await reader.statuses(scope, undefined, signal);
    const groups = await reader.all(scope, expectsNone, signal);
    const byId = new Map(statuses.map((status) => [status.containerGroupId, status]));
    const shown = new Set<string>();
    for (const group of groups) {
      this.take(group, byId.get(group.containerGroupId));
      shown.add(group.containerGroupId ?? '');
    }
    // One that came while the pages were read may be on none of them: it is asked for by itself.
    const absent = known.inScope(scope).filter(({ ref, phase }) => !shown.has(ref.id) && phase !== 'Stopped');
    await this.#lookAll(
      absent.map(({ ref }) => ref.id),
      new Map(),
      signal,
    );
    return known.inScope(scope);
  }

  /** As {@link list}, with the few calls that are needed since the last time. */
  async refresh(watch: Watch, signal: AbortSignal): Promise<readonly Instance[]> {
    const { known, clock } = this.#deps;
    const now = clock.now();
    const { scope, listedAt, askedAt = now } = watch;
    const relistAfterMs = Math.max(relistMs, known.inScope(scope).length * relistMsPerInstance);
    if (listedAt === undefined || now >= listedAt + relistAfterMs) {
      const listed = await this.list(scope, signal);
      Object.assign(watch, { listedAt: now, askedAt: now });
      return listed;
    }
    const since = Math.ceil((now - askedAt) / 1000) + overlapSeconds;
    const changed = new Map<string, GroupStatus>();
    for (const status of await this.#deps.reader.statuses(scope, since, signal))
      if (this.#isNews(status)) changed.set(status.containerGroupId ?? '', status);
    // The end of a group is no change that is told: those on their way out are looked at.
    const leaving = known.inScope(scope).filter(({ phase }) => phase === 'Stopping');
    await this.#lookAll([...changed.keys(), ...leaving.map(({ ref }) => ref.id)], changed, signal);
    watch.askedAt = now;
    return known.inScope(scope);
  }

  /** One instance as it is now; undefined when there is none any more, or it was never ours. */
  async look(id: string, urgency: CallPriority, signal: AbortSignal): Promise<Instance | undefined> {
    await this.isThere(id, urgency, signal);
    return this.#deps.known.get(id);
  }

  /** Whether the platform still has the group, with what was seen of it taken in. */
  async isThere(id: string, urgency: CallPriority, signal: AbortSignal): Promise<boolean> {
    const group = await this.#deps.lookup.look(id, urgency, signal);
    if (group === undefined) this.#deps.known.missing(id);
    else this.take(group);
    return group !== undefined;
  }

  /** The instance of a group that was read; undefined when it is not ours, or was deleted. Its news are told. */
  take(group: Group, status?: GroupStatus): Instance | undefined {
    const owner = ownerOf(group);
    if (owner === undefined) return undefined;
    const seen = this.#deps.known.saw(group, owner, status);
    if (seen === undefined) return undefined;
    for (const notice of seen.notices)
      for (const { scope, listener } of this.#observers)
        if (inScope(owner, scope)) listener({ type: 'notice', ref: seen.instance.ref, notice });
    return seen.instance;
  }

  async #lookAll(
    ids: readonly string[],
    statuses: ReadonlyMap<string, GroupStatus>,
    signal: AbortSignal,
  ): Promise<void> {
    const { reader, known } = this.#deps;
    const wanted = [...new Set(ids)];
    const groups = await reader.some(wanted, 'status', signal);
    for (const id of wanted) {
      const group = groups.get(id);
      if (group === undefined) known.missing(id);
      else this.take(group, statuses.get(id));
    }
  }

  #isNews(status: GroupStatus): boolean {
    const before = this.#deps.known.statusOf(status.containerGroupId ?? '');
    return before === undefined || JSON.stringify(before) !== JSON.stringify(status);
  }
}
