import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import { type AnyObject, kinds } from './kinds.ts';
import { timestamp } from './objects.ts';
import type { TypedStore } from './typed-store.ts';
import { describe } from './work-queue.ts';

export interface RecorderDeps {
  readonly store: TypedStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** As client-go's EventSourceObjectSpamFilter: a burst per object, then one every five minutes. */
const burst = 25;
const refillMs = 300_000;
/** Objects and texts remembered; the oldest are forgotten first. */
const memory = 2_000;

/** Writes Events. A repeated one counts up; a flood about one object is cut off; a failure never reaches the caller. */
export class Recorder {
  readonly #deps: RecorderDeps;
  readonly #budgets = new Map<string, { tokens: number; since: number }>();
  readonly #written = new Map<string, { readonly namespace: string; readonly name: string }>();

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  event(
    component: string,
    about: AnyObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    if (!this.#spend(about.metadata.uid)) return;
    try {
      this.#write(component, about, type, reason, message);
    } catch (error) {
      this.#deps.log.debug({ reason, error: describe(error) }, 'event not written');
    }
  }

  #write(component: string, about: AnyObject, type: string, reason: string, message: string): void {
    const { store, clock, random } = this.#deps;
    const now = timestamp(clock.now());
    const sameKey = [about.metadata.uid, type, reason, message].join('\n');
    const written = this.#written.get(sameKey);
    const earlier = written && store.get(kinds.events, written.namespace, written.name);
    if (earlier !== undefined) {
      store.update(kinds.events, { ...earlier, count: (earlier.count ?? 1) + 1, lastTimestamp: now });
      return;
    }
    const namespace = about.metadata.namespace ?? 'default';
    const { name, uid, resourceVersion } = about.metadata;
    const suffix = `${clock.now().toString(16)}${Math.floor(random() * 0x10_0000).toString(16)}`;
    const event = store.create(kinds.events, {
      apiVersion: kinds.events.apiVersion,
      kind: kinds.events.kind,
      metadata: { name: `${name.slice(0, 220)}.${suffix}`, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        ...(about.metadata.namespace !== undefined && { namespace }),
        name,
        uid,
        resourceVersion,
      },
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    });
    remember(this.#written, sameKey, { namespace, name: event.metadata.name });
  }

  #spend(uid: string): boolean {
    const now = this.#deps.clock.now();
    const budget = this.#budgets.get(uid) ?? { tokens: burst, since: now };
    const refill = Math.floor((now - budget.since) / refillMs);
    const tokens = Math.min(burst, budget.tokens + refill);
    const allowed = tokens > 0;
    remember(this.#budgets, uid, {
      tokens: allowed ? tokens - 1 : 0,
      since: tokens === burst ? now : budget.since + refill * refillMs,
    });
    return allowed;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= memory) break;
    map.delete(oldest);
  }
}
