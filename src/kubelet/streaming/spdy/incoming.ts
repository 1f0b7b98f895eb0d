import type { Log } from '../../../telemetry/log.ts';
import { SessionError, StreamError, StreamResetError } from './errors.ts';
import type { ControlFrame, FrameHandler } from './frame-reader.ts';
import type { FrameSink } from './frame-sink.ts';
import { ping, rstStream } from './frames.ts';
import { parseHeaders } from './header-block.ts';
import { HeaderInflater } from './header-inflater.ts';
import { Inbox, type InboxBudget } from './inbox.ts';
import type { SpdyLimits } from './limits.ts';
import { flagFin, flagUnidirectional, frameType } from './protocol.ts';
import { SpdyStream, type StreamLink } from './stream.ts';
import type { StreamTable } from './stream-table.ts';

export interface IncomingDeps {
  readonly log: Log;
  readonly limits: SpdyLimits;
  readonly table: StreamTable;
  readonly sink: FrameSink;
  readonly link: StreamLink;
  readonly unread: InboxBudget;
  readonly onStream: (stream: SpdyStream) => void;
  /** The client leaves. */
  readonly onGoAway: () => void;
}

const idMask = 0x7fff_ffff;
/** Stream id, associated stream id, priority and slot. */
const synStreamBytes = 10;

/** What each frame of the client does. A broken rule of one stream resets that stream; SessionError is thrown on. */
export class Incoming implements FrameHandler {
  readonly #deps: IncomingDeps;
  readonly #inflater: HeaderInflater;

  constructor(deps: IncomingDeps) {
    this.#deps = deps;
    this.#inflater = new HeaderInflater(deps.limits.headerBytes);
  }

  control(frame: ControlFrame): void {
    this.#forStream(() => this.#control(frame));
  }

  data(streamId: number, piece: Buffer): void {
    const entry = this.#deps.table.get(streamId);
    if (entry !== undefined && !entry.remoteDone) entry.inbox.put(piece);
  }

  dataEnd(streamId: number, fin: boolean): void {
    this.#forStream(() => this.#onStreamFrame(streamId, fin));
  }

  #control(frame: ControlFrame): void {
    switch (frame.type) {
      case frameType.synStream:
        this.#synStream(frame);
        break;
      case frameType.rstStream:
        this.#rstStream(sized(frame, 8));
        break;
      case frameType.ping:
        this.#ping(sized(frame, 4));
        break;
      case frameType.goAway:
        sized(frame, 8);
        this.#deps.onGoAway();
        break;
      case frameType.headers:
        this.#headers(frame);
        break;
      case frameType.synReply:
        throw new SessionError('a reply to a stream; this side opens none');
      // SETTINGS, WINDOW_UPDATE and the rest say nothing here: neither end of a Kubernetes connection keeps windows.
    }
  }

  #synStream(frame: ControlFrame): void {
    const { table, limits, unread, link, onStream, log } = this.#deps;
    if (frame.payload.length < synStreamBytes) throw new SessionError('a SYN_STREAM that is too short');
    const id = frame.payload.readUInt32BE(0) & idMask;
    // Whatever becomes of the stream: the blocks behind this one can only be read if it was.
    const block = this.#inflater.inflate(frame.payload.subarray(synStreamBytes));
    table.claim(id);
    const headers = parseHeaders(block, id);
    if ((frame.flags & flagUnidirectional) !== 0)
      throw new StreamError(id, 'REFUSED_STREAM', 'streams go both ways here');
    if (table.size >= limits.streams)
      throw new StreamError(id, 'REFUSED_STREAM', `more than ${limits.streams} streams at once`);
    const inbox = new Inbox(unread);
    const stream = new SpdyStream({ id, headers, link, inbox });
    table.add(id, { stream, inbox, replied: false, localDone: false, remoteDone: false });
    if ((frame.flags & flagFin) !== 0) this.#fin(id);
    try {
      onStream(stream);
    } catch (error) {
      log.error({ error: String(error), streamId: id }, 'a stream could not be taken up');
      stream.reset('INTERNAL_ERROR');
    }
  }

  #rstStream(payload: Buffer): void {
    const id = payload.readUInt32BE(0) & idMask;
    this.#deps.table.remove(id)?.stream.destroy(new StreamResetError(payload.readUInt32BE(4)));
  }

  #ping(payload: Buffer): void {
    const id = payload.readUInt32BE(0);
    // Even ones would be answers to ours, and we send none.
    if (id % 2 === 1) this.#deps.sink.control(ping(id));
  }

  /** Kubernetes clients send none; they are read because the blocks behind them depend on it. */
  #headers(frame: ControlFrame): void {
    if (frame.payload.length < 4) throw new SessionError('a HEADERS frame that is too short');
    this.#inflater.inflate(frame.payload.subarray(4));
    this.#onStreamFrame(frame.payload.readUInt32BE(0) & idMask, (frame.flags & flagFin) !== 0);
  }

  #onStreamFrame(streamId: number, fin: boolean): void {
    const entry = this.#deps.table.find(streamId);
    if (entry === undefined) return;
    if (entry.remoteDone) throw new StreamError(streamId, 'STREAM_ALREADY_CLOSED', 'a frame after its last');
    if (fin) this.#fin(streamId);
  }

  #fin(streamId: number): void {
    const { table } = this.#deps;
    const inbox = table.get(streamId)?.inbox;
    table.close(streamId, 'remoteDone');
    inbox?.end();
  }

  #forStream(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      const { log, table, sink } = this.#deps;
      log.debug({ error: error.message }, 'a stream of the client was refused');
      const entry = table.remove(error.streamId);
      sink.control(rstStream(error.streamId, error.status));
      entry?.stream.destroy(error);
    }
  }
}

function sized(frame: ControlFrame, bytes: number): Buffer {
  if (frame.payload.length !== bytes)
    throw new SessionError(
      `a control frame (type ${frame.type}) of ${frame.payload.length} bytes, not ${bytes}`,
    );
  return frame.payload;
}
