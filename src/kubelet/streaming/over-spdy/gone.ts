import type { SpdyConnection } from '../spdy/connection.ts';

/** Fires when the connection is over. */
export function goneOf(connection: SpdyConnection): AbortSignal {
  const gone = new AbortController();
  void connection.closed.then(() => gone.abort());
  return gone.signal;
}
