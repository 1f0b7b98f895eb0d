import type { Instance, InstanceEvent, InstancePhase, InstanceRef } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';

const rank: Readonly<Record<InstancePhase, number>> = { Pending: 0, Running: 1, Stopping: 2, Stopped: 3 };

/** How long a late report of a deleted instance is taken for an echo and not for an instance. */
const echoMs = 60_000;

/** Complete lists in a row that must lack an instance before it counts as gone: one may have been taken too early. */
const missesToBeGone = 2;

interface Row {
  instance: Instance;
  /** Count of changes of the table when this row was last written. */
  version: number;
  misses: number;
}

/**
 * What is known of the provider's side, by Pod UID. It believes in the arrow of time: an instance never goes back to
 * an earlier phase, a deleted one does not come back as an echo, and an absence counts only when it was seen twice.
 */
export class InstanceTable {
  readonly #clock: Clock;
  readonly #onChange: (podUid: string) => void;
  readonly #byUid = new Map<string, Map<string, Row>>();
  readonly #echoes = new Map<string, number>();
  #version = 0;

  /** `onChange` hears of every UID whose rows changed. */
  constructor(clock: Clock, onChange: (podUid: string) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** All instances of one Pod, the latest last: by attempt, and where a repeated create made two of one, by age. */
  of(podUid: string): readonly Instance[] {
    const rows = this.#byUid.get(podUid);
    if (rows === undefined) return [];
    const instances = [...rows.values()].map((row) => row.instance);
    if (instances.length < 2) return instances;
    return instances.sort(
      (a, b) => a.owner.attempt - b.owner.attempt || Date.parse(a.createdAt) - Date.parse(b.createdAt),
    );
  }

  uids(): IterableIterator<string> {
    return this.#byUid.keys();
  }

  get size(): number {
    let size = 0;
    for (const rows of this.#byUid.values()) size += rows.size;
    return size;
  }

  /** Taken before a list is asked for, and given back with its answer. */
  get version(): number {
    return this.#version;
  }

  /** The answer to a create. It was given when the instance was new: whatever was heard of it since is newer. */
  created(instance: Instance): void {
    const { id, podUid } = instance.ref;
    if (this.#byUid.get(podUid)?.has(id) !== true) this.#put(instance);
  }

  apply(event: Exclude<InstanceEvent, { readonly type: 'notice' }>): void {
    if (event.type === 'gone') this.remove(event.ref);
    else this.#put(event.instance);
  }

  /** The provider said that nothing of it is left. */
  remove(ref: InstanceRef): void {
    this.#echoes.set(ref.id, this.#clock.now() + echoMs);
    const rows = this.#byUid.get(ref.podUid);
    if (rows === undefined || !rows.delete(ref.id)) return;
    if (rows.size === 0) this.#byUid.delete(ref.podUid);
    this.#version++;
    this.#onChange(ref.podUid);
  }

  /** A complete list that was asked for when the table stood at `since`. */
  applyList(instances: readonly Instance[], since: number): void {
    this.#forgetEchoes();
    const listed = new Set<string>();
    for (const instance of instances) {
      listed.add(instance.ref.id);
      const row = this.#byUid.get(instance.ref.podUid)?.get(instance.ref.id);
      if (row !== undefined) row.misses = 0;
      if (row === undefined || row.version <= since) this.#put(instance);
    }
    for (const rows of [...this.#byUid.values()]) {
      for (const row of [...rows.values()]) {
        if (listed.has(row.instance.ref.id) || row.version > since) continue;
        row.misses++;
        if (row.misses >= missesToBeGone) this.remove(row.instance.ref);
      }
    }
  }

  /** True while some row is missing from the latest list and the next one must tell. */
  get doubtful(): boolean {
    for (const rows of this.#byUid.values()) for (const row of rows.values()) if (row.misses > 0) return true;
    return false;
  }

  #put(instance: Instance): void {
    const { id, podUid } = instance.ref;
    const echo = this.#echoes.get(id);
    if (echo !== undefined && echo > this.#clock.now()) return;
    let rows = this.#byUid.get(podUid);
    const row = rows?.get(id);
    if (row !== undefined && rank[instance.phase] < rank[row.instance.phase]) return;
    this.#version++;
    if (rows === undefined) {
      rows = new Map();
      this.#byUid.set(podUid, rows);
    }
    rows.set(id, { instance, version: this.#version, misses: 0 });
    this.#onChange(podUid);
  }

  #forgetEchoes(): void {
    const now = this.#clock.now();
    for (const [id, until] of this.#echoes) if (until <= now) this.#echoes.delete(id);
  }
}
