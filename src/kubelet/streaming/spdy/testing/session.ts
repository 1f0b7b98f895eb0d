import { once } from 'node:events';
import { FakeClock, settle } from '../../../../telemetry/fake-clock.ts';
import { silentLog } from '../../../../telemetry/log.ts';
import { SpdyConnection, type SpdyConnectionDeps, type SpdyEnd } from '../connection.ts';
import type { SpdyStream } from '../stream.ts';
import { ClientFrames } from './client-frames.ts';
import { MemorySocket } from './memory-socket.ts';

/** A connection whose client is the test. */
export class Session {
  readonly clock = new FakeClock();
  readonly socket = new MemorySocket();
  readonly client = new ClientFrames();
  readonly streams: SpdyStream[] = [];
  readonly connection: SpdyConnection;
  end: SpdyEnd | undefined;

  constructor(deps: Partial<SpdyConnectionDeps> = {}) {
    this.connection = new SpdyConnection({
      clock: this.clock,
      log: silentLog,
      socket: this.socket,
      head: Buffer.alloc(0),
      onStream: (stream) => this.streams.push(stream),
      ...deps,
    });
    void this.connection.closed.then((end) => {
      this.end = end;
    });
  }

  /** The client sends; returns when all came of it that comes without waiting. */
  async send(...chunks: readonly Buffer[]): Promise<void> {
    this.socket.feed(...chunks);
    await settle();
  }

  /** Opens stream 1, 3, 5... and accepts it. */
  async open(headers: Readonly<Record<string, string>> = { streamtype: 'data' }): Promise<SpdyStream> {
    await this.send(this.client.synStream(this.streams.length * 2 + 1, headers));
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error('no stream came');
    stream.reply();
    await settle();
    this.socket.drain();
    return stream;
  }
}

/** All that comes, without touching the other direction as an iterator would. */
export async function textOf(stream: SpdyStream | undefined): Promise<string> {
  let text = '';
  if (stream === undefined) throw new Error('no stream');
  stream.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  await once(stream, 'end');
  return text;
}
