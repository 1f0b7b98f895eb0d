import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { BoundedMap } from './bounded-map.ts';
import { orAborted } from './call-scope.ts';
import type { KubeClient } from './client.ts';
import { ConnectionError, isNotFound } from './errors.ts';
import { events } from './resources.ts';
import { TokenBucket } from './token-bucket.ts';
import type { KubeEvent, ObjectReference } from './types.ts';

export interface EventEntry {
  /** What it is about: kind, name, uid, and the namespace where there is one. */
  readonly object: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** For people. Cut at 1024 characters, as the API demands. */
  readonly message: string;
}

export interface EventRecorder {
  /** Records it some time soon, or drops it when its object has had more than its share. Never blocks or throws. */
  event(entry: EventEntry): void;
  /** Entries that will never be seen. */
  readonly dropped: number;
  /** Resolves when all that was recorded is written or given up, at the latest when the signal fires. */
  flush(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** `source.component`, e.g. `burstlet`. */
  readonly component: string;
  /** `source.host`: the node. */
  readonly host: string;
}

/** The share of one object: as client-go's EventSourceObjectSpamFilter. */
const objectBurst = 25;
const objectRefillMs = 300_000;
/** All writes together: a burst, then 20 a second. What is past it waits in the queue. */
const globalBurst = 100;
const globalRefillMs = 50;
const queueLimit = 1_000;
/** Entries that are known, to be counted up when they come again. */
const knownLimit = 2_000;
/** The same entry after so long a silence is a new event. */
const windowMs = 600_000;
const writeTimeoutMs = 10_000;
/** Between tries while no API server answers. */
const outageRestMs = 5_000;
const maxMessage = 1_024;

/** One event object and what is to be written of it. */
interface Series {
  readonly key: string;
  readonly name: string;
  readonly entry: EventEntry;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  created: boolean;
}

export function createEventRecorder(deps: EventRecorderDeps): EventRecorder {
  return new QueuedEventRecorder(deps);
}

/** Same entries become one event object with a count; one writer works through a bounded queue of those that changed. */
class QueuedEventRecorder implements EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #known = new BoundedMap<string, Series>(knownLimit);
  readonly #shares = new BoundedMap<string, TokenBucket>(knownLimit);
  readonly #global: TokenBucket;
  readonly #queue = new Set<Series>();
  #writer: Promise<void> | undefined;
  #dropped = 0;
  #names = 0;

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
    this.#global = new TokenBucket(deps.clock, globalBurst, globalRefillMs);
  }

  get dropped(): number {
    return this.#dropped;
  }

  event(entry: EventEntry): void {
    const series = this.#count(entry);
    if (this.#queue.has(series)) return;
    if (this.#queue.size >= queueLimit || !this.#share(entry.object).take()) {
      this.#dropped++;
      return;
    }
    this.#queue.add(series);
    this.#writer ??= this.#write();
  }

  async flush(signal: AbortSignal): Promise<void> {
    if (this.#writer !== undefined) await orAborted(this.#writer, signal).catch(() => undefined);
  }

  /** The series that the entry belongs to, with the entry counted. */
  #count(entry: EventEntry): Series {
    const { object, type, reason, message } = entry;
    const now = this.#deps.clock.now();
    const key = JSON.stringify([
      object.uid,
      object.namespace,
      object.name,
      object.fieldPath,
      type,
      reason,
      message,
    ]);
    const known = this.#known.get(key);
    if (known !== undefined && now - known.lastAt < windowMs) {
      known.count++;
      known.lastAt = now;
      return known;
    }
    const series: Series = {
      key,
      name: this.#name(object, now),
      entry,
      firstAt: now,
      lastAt: now,
      count: 1,
      created: false,
    };
    this.#known.set(key, series);
    return series;
  }

  #share({ uid, kind, namespace, name }: ObjectReference): TokenBucket {
    const key = uid ?? `${kind}/${namespace}/${name}`;
    const known = this.#shares.get(key);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(this.#deps.clock, objectBurst, objectRefillMs);
    this.#shares.set(key, bucket);
    return bucket;
  }

  /** As client-go: the object's name and a time that no other event of it has. */
  #name(object: ObjectReference, now: number): string {
    this.#names = (this.#names + 1) % 1_000_000;
    const nanos = BigInt(Math.trunc(now)) * 1_000_000n + BigInt(this.#names);
    return `${(object.name ?? 'unknown').slice(0, 230)}.${nanos.toString(16)}`;
  }

  async #write(): Promise<void> {
    const { clock } = this.#deps;
    // A Set's iteration meets what is added meanwhile.
    for (const series of this.#queue) {
      while (!this.#global.take()) await pause(clock, this.#global.waitMs());
      this.#queue.delete(series);
      try {
        await this.#send(series);
      } catch (error) {
        if (error instanceof ConnectionError && error.kind === 'connect') {
          this.#queue.add(series);
          await pause(clock, outageRestMs);
        } else this.#giveUp(series, error);
      }
    }
    this.#writer = undefined;
  }

  #giveUp({ key, entry }: Series, error: unknown): void {
    this.#dropped++;
    this.#known.delete(key);
    const { reason, object } = entry;
    this.#deps.log.debug({ reason, object: object.name, error }, 'an event could not be recorded');
  }

  async #send(series: Series): Promise<void> {
    const { client } = this.#deps;
    if (series.created) {
      try {
        const body = { count: series.count, lastTimestamp: timestamp(series.lastAt) };
        const key = { name: series.name, namespace: namespaceOf(series.entry.object) };
        await client.patch(events, key, body, { type: 'merge', timeoutMs: writeTimeoutMs });
        return;
      } catch (error) {
        // Events live for an hour by default.
        if (!isNotFound(error)) throw error;
      }
    }
    await client.create(events, this.#object(series), { timeoutMs: writeTimeoutMs });
    series.created = true;
  }

  #object({ name, entry, count, firstAt, lastAt }: Series): KubeEvent {
    const { component, host } = this.#deps;
    const { object, type, reason, message } = entry;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: namespaceOf(object) },
      involvedObject: object,
      type,
      reason,
      message: message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message,
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host,
      firstTimestamp: timestamp(firstAt),
      lastTimestamp: timestamp(lastAt),
      count,
    };
  }
}

/** Events about cluster-scoped objects live in `default`. */
function namespaceOf(object: ObjectReference): string {
  return object.namespace ?? 'default';
}

/** metav1.Time: whole seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
