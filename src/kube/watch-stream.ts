import type { Clock } from '../telemetry/clock.ts';
import { type CallScope, TimeUp } from './call-scope.ts';
import type { WatchEvent } from './client.ts';
import { LineDecoder } from './line-decoder.ts';
import type { KubeObject, Status } from './types.ts';

/** What a line of a watch says; an `error` is the Status that ends the watch. */
export type WatchLine<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly status: Status };

/** The stream is not one of whole events: it ends inside one, or something in it is none. */
export class WatchStreamError extends Error {
  override readonly name = 'WatchStreamError';
  readonly kind: 'broken' | 'protocol';

  constructor(message: string, kind: 'broken' | 'protocol' = 'protocol') {
    super(message);
    this.kind = kind;
  }
}

/** Lines of a watch body, newline-delimited JSON frames (apimachinery's streaming serializer). */
export async function* watchLines<T extends KubeObject>(
  body: AsyncIterable<Buffer>,
  maxLineBytes: number,
  onBytes: () => void,
): AsyncGenerator<WatchLine<T>, void, undefined> {
  const decoder = new LineDecoder(maxLineBytes);
  for await (const chunk of body) {
    onBytes();
    try {
      for (const line of decoder.push(chunk)) yield parseLine<T>(line);
    } catch (error) {
      if (error instanceof RangeError) throw new WatchStreamError(error.message);
      throw error;
    }
  }
  if (decoder.pending > 0)
    throw new WatchStreamError(
      `the stream ended inside an event, ${decoder.pending} bytes into it`,
      'broken',
    );
}

function parseLine<T extends KubeObject>(line: string): WatchLine<T> {
  const { type, object } = parseFrame(line);
  if (typeof object !== 'object' || object === null) throw new WatchStreamError('an event has no object');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as T };
    case 'BOOKMARK': {
      const version = (object as KubeObject).metadata?.resourceVersion;
      if (version === undefined) throw new WatchStreamError('a bookmark has no resourceVersion');
      return { type, resourceVersion: version };
    }
    case 'ERROR':
      return { type, status: object as Status };
    default:
      throw new WatchStreamError(`unknown event type ${JSON.stringify(type)}`);
  }
}

function parseFrame(line: string): { type?: unknown; object?: unknown } {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    throw new WatchStreamError('an event is not JSON');
  }
}

export interface IdleGuard {
  touch(): void;
  release(): void;
}

/** Ends the scope when it was not touched for `idleMs`. One timer, moved only when it fires: touching is free. */
export function guardIdle(clock: Clock, idleMs: number | undefined, scope: CallScope): IdleGuard {
  if (idleMs === undefined) return { touch() {}, release() {} };
  let last = clock.now();
  let cancel = clock.schedule(idleMs, check);
  function check(): void {
    const rest = last + (idleMs ?? 0) - clock.now();
    if (rest > 0) cancel = clock.schedule(rest, check);
    else scope.abort(new TimeUp(`not a byte for ${idleMs} ms; the connection counts as dead`));
  }
  return {
    touch() {
      last = clock.now();
    },
    release: () => cancel(),
  };
}
