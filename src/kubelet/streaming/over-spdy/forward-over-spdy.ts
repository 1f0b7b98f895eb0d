import type { ForwardClient, ForwardPair } from '../session/client.ts';
import { flushed } from '../session/flushed.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import type { OverSpdyDeps } from './command-over-spdy.ts';
import { goneOf } from './gone.ts';
import { streamCreationMs, streamHeader } from './headers.ts';

/** The protocol of port-forward over SPDY. */
export const spdyForwardProtocol = 'portforward.k8s.io';

interface HalfPair {
  readonly port: number;
  readonly streams: Map<string, SpdyStream>;
  readonly cancel: () => void;
}

/**
 * A client of port-forward over SPDY: for each connection it opens a stream for errors and one for data, which name the
 * port and the request that they belong to (cri-streaming/pkg/streaming/portforward/httpstream.go).
 */
export function forwardOverSpdy(deps: OverSpdyDeps): ForwardClient {
  const halves = new Map<string, HalfPair>();
  let take: (pair: ForwardPair) => void = () => undefined;

  function onStream(stream: SpdyStream): void {
    const wanted = wantedBy(stream);
    const half = wanted && (halves.get(wanted.request) ?? begin(wanted));
    if (wanted === undefined || half === undefined) stream.reset('PROTOCOL_ERROR');
    else if (half.streams.has(wanted.type) || half.port !== wanted.port) stream.reset('REFUSED_STREAM');
    else accept(stream, wanted, half);
  }

  function accept(stream: SpdyStream, { type, port, request }: Wanted, { streams, cancel }: HalfPair): void {
    stream.reply();
    streams.set(type, stream);
    const [data, error] = ['data', 'error'].map((one) => streams.get(one));
    if (data === undefined || error === undefined) return;
    cancel();
    halves.delete(request);
    take(pairOf(port, data, error));
  }

  function begin({ request, port }: Wanted): HalfPair {
    const streams = new Map<string, SpdyStream>();
    const cancel = deps.clock.schedule(streamCreationMs, () => {
      halves.delete(request);
      streams.get('error')?.end(`request ${request}: timed out waiting for the other stream`);
      streams.get('data')?.reset('CANCEL');
    });
    const half = { port, streams, cancel };
    halves.set(request, half);
    return half;
  }

  const connection = new SpdyConnection({ ...deps, onStream });
  const gone = goneOf(connection);
  const left = connection.closed.then(() => {
    for (const { cancel } of halves.values()) cancel();
  });
  return {
    gone,
    destroy: () => connection.destroy(new Error('the session is over')),
    pairs(handOver) {
      take = handOver;
      return left;
    },
    finish: () => connection.close(),
  };
}

/** What a stream is opened for. */
interface Wanted {
  readonly type: 'data' | 'error';
  readonly port: number;
  readonly request: string;
}

function wantedBy(stream: SpdyStream): Wanted | undefined {
  const type = streamHeader(stream, 'streamtype');
  const text = streamHeader(stream, 'port') ?? '';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if ((type !== 'data' && type !== 'error') || port < 1 || port > 65_535) return undefined;
  // Clients from before requests had ids open the stream for errors first.
  const request = streamHeader(stream, 'requestid') ?? `#${type === 'error' ? stream.id : stream.id - 2}`;
  return { type, port, request };
}

function pairOf(port: number, data: SpdyStream, error: SpdyStream): ForwardPair {
  // What the client writes on it is nothing to us.
  error.resume();
  return {
    port,
    connection: data,
    done(trouble) {
      error.end(trouble);
      if (trouble !== undefined) return data.reset('INTERNAL_ERROR');
      // What the client has not ended by now has nowhere to go.
      void flushed([data]).then(() => data.reset('CANCEL'));
    },
  };
}
