import type { Duplex } from 'node:stream';
import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import { IdleTimer } from '../idle-timer.ts';
import { ConnectionOverError, SessionError } from './errors.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameSink } from './frame-sink.ts';
import { goAway, ping, rstStream } from './frames.ts';
import { Incoming } from './incoming.ts';
import { defaultSpdyLimits, type SpdyLimits } from './limits.ts';
import type { GoAwayStatus } from './protocol.ts';
import { ReadGate } from './read-gate.ts';
import type { SpdyStream } from './stream.ts';
import { createStreamLink } from './stream-link.ts';
import { StreamTable, type TableEntry } from './stream-table.ts';

export interface SpdyConnectionDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The upgraded socket, 101 already written. */
  readonly socket: Duplex;
  /** What was read beyond the request. */
  readonly head: Uint8Array;
  /**
   * A new stream of the client. It must be answered with reply() or reset(); data that comes before is kept, within
   * back-pressure.
   */
  readonly onStream: (stream: SpdyStream) => void;
  readonly limits?: Partial<SpdyLimits>;
}

export interface SpdyEnd {
  /**
   * `closed`: by close(). `destroyed`: by destroy(). `client-left`: it ended the connection. `idle`: nothing came or went
   * for `idleMs`. `protocol-error`: it sent what cannot be understood. `lost`: the socket failed.
   */
  readonly cause: 'closed' | 'destroyed' | 'client-left' | 'idle' | 'protocol-error' | 'lost';
  /** For people. */
  readonly message: string;
}

/** An odd PING that the client did not send, which it has to ignore (the draft, section 2.6.5). spdystream does. */
const probeId = 0x7fff_ffff;

/** The server's side of a SPDY/3.1 connection with a Kubernetes client. */
export class SpdyConnection {
  /** Resolves when the connection is over, however; never rejects. Says why. */
  readonly closed: Promise<SpdyEnd>;
  readonly #deps: SpdyConnectionDeps;
  readonly #limits: SpdyLimits;
  readonly #table = new StreamTable();
  readonly #idle: IdleTimer;
  readonly #gate: ReadGate;
  readonly #sink: FrameSink;
  readonly #reader: FrameReader;
  /** close() waits for what was written. */
  #closing = false;
  /** Set once, when no more streams are served. */
  #end: SpdyEnd | undefined;
  #cancelLinger: () => void = () => undefined;

  constructor(deps: SpdyConnectionDeps) {
    const { clock, socket, log, onStream } = deps;
    this.#deps = deps;
    const limits = { ...defaultSpdyLimits, ...deps.limits };
    this.#limits = limits;
    this.#idle = new IdleTimer(clock, limits.idleMs, () => this.#onIdle());
    this.#gate = new ReadGate({ clock, socket, limits, probe: () => this.#sink.probe(ping(probeId)) });
    this.#sink = new FrameSink({ socket, queue: this.#gate.control, onFlushed: () => this.#idle.touch() });
    const table = this.#table;
    this.#reader = new FrameReader(
      new Incoming({
        ...{ log, limits, table, onStream },
        sink: this.#sink,
        unread: this.#gate.unread,
        link: createStreamLink(table, this.#sink),
        // By the draft its streams could go on. spdystream ends them at both ends, and clients rely on it to cancel.
        onGoAway: () => this.#wind({ cause: 'client-left', message: 'the client said goodbye' }, 'OK'),
      }),
      limits.controlFrameBytes,
    );
    this.closed = this.#listen();
  }

  /**
   * What was written goes out, streams that are not over are reset, then GOAWAY, and the socket ends. Waits for a client
   * that takes nothing until the connection counts as idle, as the end of a long output may be held up by a pager; whoever
   * cannot wait calls destroy().
   */
  async close(): Promise<void> {
    if (this.#end === undefined) {
      this.#closing = true;
      // A client that is stuck in writing would not read either.
      this.#readOn();
      await Promise.all(this.#table.entries().map(flushed));
      this.#wind({ cause: 'closed', message: 'closed by this node' }, 'OK');
    }
    await this.closed;
  }

  /** Ends everything at once; streams fail. */
  destroy(reason: Error): void {
    this.#over({ cause: 'destroyed', message: reason.message });
  }

  #listen(): Promise<SpdyEnd> {
    const { socket, head } = this.#deps;
    const lost: SpdyEnd = { cause: 'lost', message: 'the connection broke' };
    const left: SpdyEnd = { cause: 'client-left', message: 'the client closed the connection' };
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onClientEnd(left));
    socket.on('error', (error) => this.#over({ ...lost, message: `the connection broke: ${error.message}` }));
    if (head.length > 0) socket.unshift(head);
    else if (socket.readableEnded) queueMicrotask(() => this.#onClientEnd(left));
    socket.resume();
    return new Promise((resolve) => {
      const gone = (): void => {
        this.#over(lost);
        resolve(this.#end ?? lost);
      };
      if (socket.closed) queueMicrotask(gone);
      else socket.once('close', gone);
    });
  }

  #onData(chunk: Buffer): void {
    if (this.#closing || this.#end !== undefined) return;
    this.#idle.touch();
    try {
      this.#reader.feed(chunk);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof SessionError) this.#deps.log.info({ error: message }, 'a client broke SPDY');
      else this.#deps.log.error({ error: message }, 'a frame of a client could not be handled');
      this.#wind(
        { cause: 'protocol-error', message },
        error instanceof SessionError ? 'PROTOCOL_ERROR' : 'INTERNAL_ERROR',
      );
    }
  }

  #onClientEnd(end: SpdyEnd): void {
    // After our GOAWAY that is the answer; until what we wrote is through, or the time to linger.
    if (this.#end === undefined) this.#over(end);
  }

  #onIdle(): void {
    if (this.#end === undefined)
      this.#wind({ cause: 'idle', message: `nothing came or went for ${this.#limits.idleMs} ms` }, 'OK');
    else this.#deps.socket.destroy();
  }

  /** Says goodbye: GOAWAY is last, because spdystream reads nothing behind it. */
  #wind(end: SpdyEnd, status: GoAwayStatus): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#readOn();
    for (const { stream } of this.#table.entries()) {
      this.#table.remove(stream.id);
      this.#sink.control(rstStream(stream.id, 'CANCEL'));
      stream.destroy(new ConnectionOverError(end.message));
    }
    this.#sink.control(goAway(this.#table.lastId, status));
    this.#sink.end();
    if (end.cause === 'closed') this.#deps.socket.once('finish', () => this.#linger());
    else this.#linger();
  }

  /**
   * Closing a socket at which bytes arrive makes the system send RST, and the client would lose what it has not read of our
   * last words. So they are read, and dropped, until the client closes its side.
   */
  #linger(): void {
    this.#cancelLinger();
    this.#cancelLinger = this.#deps.clock.schedule(this.#limits.lingerMs, () => this.#deps.socket.destroy());
  }

  /** Nothing that the client sends counts any more, but it is taken from the socket. */
  #readOn(): void {
    this.#reader.stop();
    this.#gate.open();
  }

  #over(end: SpdyEnd): void {
    this.#end ??= end;
    this.#idle.stop();
    this.#cancelLinger();
    this.#readOn();
    for (const { stream } of this.#table.entries()) {
      this.#table.remove(stream.id);
      stream.destroy(new ConnectionOverError(this.#end.message));
    }
    this.#deps.socket.destroy();
  }
}

/** Resolves when the system took all that the owner of a stream wrote so far, or the stream is over. */
function flushed({ stream, replied }: TableEntry): Promise<void> {
  return new Promise((resolve) => {
    if (!replied || stream.writableFinished || stream.destroyed) return resolve();
    stream.once('close', resolve);
    if (stream.writableEnded) stream.once('finish', resolve);
    else stream.write(Buffer.alloc(0), () => resolve());
  });
}
