import { SessionError } from './errors.ts';
import { flagFin, frameHeaderBytes, spdyVersion } from './protocol.ts';

export interface ControlFrame {
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export interface FrameHandler {
  /** A control frame, whole. */
  control(frame: ControlFrame): void;
  /** Payload of a DATA frame, in pieces of whatever came; never empty. A view of the chunk, not a copy. */
  data(streamId: number, piece: Buffer): void;
  /** A DATA frame is complete. */
  dataEnd(streamId: number, fin: boolean): void;
}

/** Cuts a stream of bytes into frames, wherever the chunks of the socket begin and end. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxControlBytes: number;
  readonly #header = Buffer.alloc(frameHeaderBytes);
  #headerLength = 0;
  /** The payload that is being read. */
  #frame: OpenFrame | undefined;
  #stopped = false;

  constructor(handler: FrameHandler, maxControlBytes: number) {
    this.#handler = handler;
    this.#maxControlBytes = maxControlBytes;
  }

  /** Calls the handler for all that the chunk completes. Throws SessionError, and must not be fed any more after it. */
  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#stopped; )
      at +=
        this.#frame === undefined ? this.#readHeader(chunk, at) : this.#readPayload(this.#frame, chunk, at);
  }

  /** Nothing more is handed on, not even the rest of the chunk at hand. */
  stop(): void {
    this.#stopped = true;
  }

  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerLength, at);
    this.#headerLength += taken;
    if (this.#headerLength < frameHeaderBytes) return taken;
    this.#headerLength = 0;
    const frame = openFrame(this.#header, this.#maxControlBytes);
    if (frame.left > 0) this.#frame = frame;
    else this.#complete(frame);
    return taken;
  }

  #readPayload(frame: OpenFrame, chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + frame.left);
    if (frame.kind === 'data') this.#handler.data(frame.streamId, piece);
    else piece.copy(frame.payload, frame.payload.length - frame.left);
    frame.left -= piece.length;
    if (frame.left === 0) {
      this.#frame = undefined;
      if (!this.#stopped) this.#complete(frame);
    }
    return piece.length;
  }

  #complete(frame: OpenFrame): void {
    if (frame.kind === 'data') this.#handler.dataEnd(frame.streamId, (frame.flags & flagFin) !== 0);
    else this.#handler.control(frame);
  }
}

type OpenFrame =
  | { readonly kind: 'data'; readonly streamId: number; readonly flags: number; left: number }
  | {
      readonly kind: 'control';
      readonly type: number;
      readonly flags: number;
      readonly payload: Buffer;
      left: number;
    };

function openFrame(header: Buffer, maxControlBytes: number): OpenFrame {
  const first = header.readUInt32BE(0);
  const flags = header.readUInt8(4);
  const left = header.readUIntBE(5, 3);
  if (first < 0x8000_0000) {
    if (first === 0) throw new SessionError('DATA for stream 0');
    return { kind: 'data', streamId: first, flags, left };
  }
  const version = (first >>> 16) & 0x7fff;
  const type = first & 0xffff;
  // The client checked the version when it upgraded, so this is no old client but bytes that are no frame.
  if (version !== spdyVersion) throw new SessionError(`a control frame of version ${version}`);
  if (left > maxControlBytes)
    throw new SessionError(`a control frame (type ${type}) of ${left} bytes; ${maxControlBytes} are allowed`);
  return { kind: 'control', type, flags, payload: Buffer.allocUnsafe(left), left };
}
