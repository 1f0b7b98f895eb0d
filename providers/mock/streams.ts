import type {
  InstanceEvent,
  InstanceListener,
  OwnerScope,
  Ownership,
  ProviderClock,
} from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { FaultSource } from './faults.ts';

export interface StreamsDeps {
  readonly clock: ProviderClock;
  readonly faults: FaultSource | undefined;
}

interface Stream {
  readonly listener: InstanceListener;
  readonly queue: InstanceEvent[];
  /** A delivery is on its way and will take along what stands in the queue. */
  busy: boolean;
  open: boolean;
  readonly end: (error?: unknown) => void;
}

/**
 * The event streams of the mock cloud. Events arrive after the call that caused them, several at once, in order: as
 * over a wire. Faults drop, repeat or delay them, or break the stream.
 */
export class Streams {
  readonly #deps: StreamsDeps;
  readonly #byScope = new Map<string, Set<Stream>>();

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
  }

  /** Streams that are open. */
  get open(): number {
    return [...this.#byScope.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  /** Opens a stream at once; the promise is that of `observe`. */
  subscribe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const key = scopeKey(scope);
    const streams = this.#byScope.get(key) ?? new Set();
    this.#byScope.set(key, streams);
    return new Promise((resolve, reject) => {
      const end = (error?: unknown): void => {
        signal.removeEventListener('abort', leave);
        stream.open = false;
        stream.queue.length = 0;
        streams.delete(stream);
        if (streams.size === 0 && this.#byScope.get(key) === streams) this.#byScope.delete(key);
        if (error === undefined) resolve();
        else reject(error);
      };
      const leave = (): void => end();
      const stream: Stream = { listener, queue: [], busy: false, open: true, end };
      signal.addEventListener('abort', leave, { once: true });
      streams.add(stream);
    });
  }

  publish(owner: Ownership, event: InstanceEvent): void {
    for (const stream of this.#byScope.get(scopeKey(owner)) ?? []) {
      stream.queue.push(event);
      if (!stream.busy) this.#deliverSoon(stream, 0);
    }
  }

  /** Every open `observe` rejects. */
  break(error: unknown = brokenStream()): void {
    for (const streams of [...this.#byScope.values()]) for (const stream of [...streams]) stream.end(error);
  }

  #deliverSoon(stream: Stream, ms: number): void {
    stream.busy = true;
    if (ms > 0) this.#deps.clock.schedule(ms, () => this.#deliver(stream, true));
    else queueMicrotask(() => this.#deliver(stream, false));
  }

  /** `waited`: the first event has had its delay already. */
  #deliver(stream: Stream, waited: boolean): void {
    stream.busy = false;
    let exempt = waited;
    for (let event = stream.queue[0]; event !== undefined; event = stream.queue[0]) {
      const fault = exempt ? undefined : this.#deps.faults?.onEvent(podOf(event));
      exempt = false;
      if (fault?.kind === 'late') {
        this.#deliverSoon(stream, fault.ms);
        return;
      }
      stream.queue.shift();
      if (fault?.kind === 'break') stream.end(brokenStream());
      else if (fault?.kind !== 'drop') hand(stream, event, fault?.kind === 'duplicate' ? 2 : 1);
    }
  }
}

function hand(stream: Stream, event: InstanceEvent, times: number): void {
  try {
    for (let time = 0; time < times && stream.open; time++) stream.listener(event);
  } catch (error) {
    stream.end(error);
  }
}

function podOf(event: InstanceEvent): string {
  return event.type === 'changed' ? event.instance.ref.podUid : event.ref.podUid;
}

export function scopeKey(scope: OwnerScope): string {
  return `${scope.clusterUid}/${scope.node}`;
}

function brokenStream(): ProviderError {
  return new ProviderError('Retryable', 'the event stream broke');
}
