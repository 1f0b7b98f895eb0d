import { constants, inflateRawSync } from 'node:zlib';
import { dictionary, dictionaryId } from './dictionary.ts';
import { SessionError } from './errors.ts';

/** As far back as deflate can refer (RFC 1951). */
const windowBytes = 32 * 1024;
/** CMF, FLG and the id of the dictionary (RFC 1950). */
const zlibHeaderBytes = 6;
const deflateMethod = 8;
const presetDictionary = 0x20;
/** Every header block ends in an empty stored block, because it has to be readable by itself: a "sync flush". */
const syncFlush = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * The header blocks of a connection are one zlib stream, flushed after each block. Node's zlib streams inflate on a
 * thread pool, so that the DATA behind a SYN_STREAM would have to wait for them and a busy pool would stall it; the
 * one-shot call is synchronous and bounded, but starts anew each time. As a flushed block ends at a byte, all that it
 * needs of its predecessors is the last 32 KiB of what they inflated to, and that can be given as the dictionary.
 */
export class HeaderInflater {
  readonly #maxBytes: number;
  #window: Buffer | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Throws SessionError: once a block is lost, none behind it can be read. */
  inflate(block: Buffer): Buffer {
    const deflated = this.#window === undefined ? withoutZlibHeader(block) : block;
    const window = this.#window ?? dictionary;
    if (!deflated.subarray(-syncFlush.length).equals(syncFlush))
      throw new SessionError('a header block does not end in a flush');
    const inflated = inflateBounded(deflated, window, this.#maxBytes);
    this.#window = Buffer.concat([window, inflated]).subarray(-windowBytes);
    return inflated;
  }
}

function inflateBounded(deflated: Buffer, window: Buffer, maxBytes: number): Buffer {
  try {
    return inflateRawSync(deflated, {
      dictionary: window,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: maxBytes,
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new SessionError(`headers of more than ${maxBytes} bytes`);
    throw new SessionError(`a header block cannot be inflated: ${code}`);
  }
}

function withoutZlibHeader(block: Buffer): Buffer {
  if (block.length < zlibHeaderBytes) throw new SessionError('a header block without a zlib header');
  const start = block.readUInt16BE(0);
  const isZlib = ((start >> 8) & 0x0f) === deflateMethod && start % 31 === 0;
  if (!isZlib || (start & presetDictionary) === 0 || block.readUInt32BE(2) !== dictionaryId)
    throw new SessionError('headers that are not compressed with the dictionary of SPDY/3');
  return block.subarray(zlibHeaderBytes);
}
