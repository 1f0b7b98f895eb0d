import type { Duplex } from 'node:stream';
import { type Clock, pause } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { CommandClient } from '../session/client.ts';
import { flushed } from '../session/flushed.ts';
import { statusBytes } from '../session/status.ts';
import { TerminalSizes } from '../session/terminal-sizes.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import type { SpdyStream } from '../spdy/stream.ts';
import type { StreamOptions } from '../stream-options.ts';
import { goneOf } from './gone.ts';
import { streamCreationMs, streamHeader } from './headers.ts';

export interface OverSpdyDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly socket: Duplex;
  readonly head: Uint8Array;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
}

/** The protocols of exec and attach over SPDY; what differs is which streams there are, and what is written on that for errors. */
export const spdyCommandProtocols: readonly string[] = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
const withSizes: readonly string[] = ['v4.channel.k8s.io', 'v3.channel.k8s.io'];
const names: readonly string[] = ['error', 'stdin', 'stdout', 'stderr', 'resize'];

/**
 * A client of exec or attach over SPDY: it opens one stream for each that it asked for, and one for the status
 * (cri-streaming/pkg/streaming/remotecommand/httpstream.go). Undefined when it does not do so in time, or leaves.
 */
export async function commandOverSpdy(
  deps: OverSpdyDeps,
  protocol: string,
  options: StreamOptions,
): Promise<CommandClient | undefined> {
  const streams = new Map<string, SpdyStream>();
  const expected = expectedStreams(protocol, options);
  const complete = Promise.withResolvers<void>();
  const connection = new SpdyConnection({
    ...deps,
    onStream(stream) {
      const type = streamHeader(stream, 'streamtype') ?? '';
      if (!names.includes(type) || streams.has(type)) return stream.reset('REFUSED_STREAM');
      streams.set(type, stream);
      stream.reply();
      // Those that nobody asked for stand open and are dropped.
      if (!expected.includes(type)) stream.resume();
      if (expected.every((one) => streams.has(one))) complete.resolve();
    },
  });
  const gone = goneOf(connection);
  const waited = new AbortController();
  const inTime = await Promise.race([
    complete.promise.then(() => true),
    pause(deps.clock, streamCreationMs, AbortSignal.any([gone, deps.closing, waited.signal])).then(
      () => false,
    ),
  ]);
  waited.abort();
  if (!inTime) {
    deps.log.info({ expected, opened: [...streams.keys()] }, 'a client did not open its streams in time');
    connection.destroy(new Error('timed out waiting for the client to create streams'));
    return undefined;
  }
  const stream = (type: string): SpdyStream | undefined =>
    expected.includes(type) ? streams.get(type) : undefined;
  const [error, stdin, stdout, stderr, resize] = names.map(stream);
  const sizes = resize === undefined ? undefined : new TerminalSizes(resize);
  return {
    gone,
    destroy: () => connection.destroy(new Error('the session is over')),
    streams: {
      ...(stdin && { stdin }),
      ...(stdout && { stdout }),
      ...(stderr && { stderr }),
      ...(sizes && { sizes }),
    },
    async finish(status) {
      await flushed([stdout, stderr]);
      error?.write(statusBytes(status, protocol === 'v4.channel.k8s.io' ? 'object' : 'text'));
      await flushed([error]);
      await connection.close();
    },
  };
}

function expectedStreams(protocol: string, options: StreamOptions): string[] {
  return [
    'error',
    ...(options.stdin ? ['stdin'] : []),
    ...(options.stdout ? ['stdout'] : []),
    ...(options.stderr ? ['stderr'] : []),
    ...(options.tty && withSizes.includes(protocol) ? ['resize'] : []),
  ];
}
