import { dictionaryId } from './dictionary.ts';
import {
  flagFin,
  frameHeaderBytes,
  frameType,
  type GoAwayStatus,
  goAwayCode,
  type ResetStatus,
  resetCode,
  spdyVersion,
} from './protocol.ts';

/**
 * A header block without headers, as a piece of a zlib stream: its four zero bytes as a stored block, and the empty stored
 * block of a sync flush, without which Go's inflate keeps the bytes back. We send no other, so no compressor is needed.
 */
const emptyBlock = Buffer.from([0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff]);
/** Before the first block: deflate with a window of 32 KiB, a preset dictionary, and its id. */
const zlibHeader = Buffer.concat([Buffer.from([0x78, 0xbb]), uint32(dictionaryId)]);

export function synReply(streamId: number, isFirst: boolean): Buffer {
  const parts = [uint32(streamId), ...(isFirst ? [zlibHeader] : []), emptyBlock];
  return control(frameType.synReply, ...parts);
}

export function rstStream(streamId: number, status: ResetStatus): Buffer {
  return control(frameType.rstStream, uint32(streamId), uint32(resetCode(status)));
}

export function ping(id: number): Buffer {
  return control(frameType.ping, uint32(id));
}

export function goAway(lastStreamId: number, status: GoAwayStatus): Buffer {
  return control(frameType.goAway, uint32(lastStreamId), uint32(goAwayCode(status)));
}

export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt32BE((fin ? flagFin * 0x100_0000 : 0) + length, 4);
  return header;
}

function control(type: number, ...payload: readonly Buffer[]): Buffer {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([uint32(0x8000_0000 + spdyVersion * 0x1_0000 + type), uint32(length), ...payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
