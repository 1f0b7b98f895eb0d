import { constants, deflateRawSync } from 'node:zlib';
import { dictionary } from '../dictionary.ts';

export type ClientHeaders = Readonly<Record<string, string>>;

/** What a client sends, frame by frame. For tests; shares nothing with the code that reads it but the dictionary. */
export class ClientFrames {
  #window: Buffer | undefined;

  synStream(id: number, headers: ClientHeaders, flags = 0): Buffer {
    return this.synStreamRaw(id, headerBlock(headers), flags);
  }

  /** With a header block of any bytes. */
  synStreamRaw(id: number, block: Buffer, flags = 0): Buffer {
    return control(1, flags, u32(id), u32(0), Buffer.from([0, 0]), this.deflate(block));
  }

  headers(id: number, headers: ClientHeaders, flags = 0): Buffer {
    return control(8, flags, u32(id), this.deflate(headerBlock(headers)));
  }

  /** The next piece of the zlib stream that all header blocks of a connection are. */
  deflate(block: Buffer): Buffer {
    const before = this.#window ?? dictionary;
    const deflated = deflateRawSync(block, {
      level: 9,
      dictionary: before,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const start = this.#window === undefined ? Buffer.from('78f9e3c6a7c2', 'hex') : Buffer.alloc(0);
    this.#window = Buffer.concat([before, block]).subarray(-32_768);
    return Buffer.concat([start, deflated]);
  }
}

export function headerBlock(headers: ClientHeaders): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flat().map((text) => Buffer.from(text));
  return Buffer.concat([u32(entries.length), ...texts.flatMap((text) => [u32(text.length), text])]);
}

export function control(type: number, flags: number, ...payload: readonly Buffer[]): Buffer {
  const body = Buffer.concat(payload);
  return Buffer.concat([Buffer.from([0x80, 3, 0, type]), u32(flags * 2 ** 24 + body.length), body]);
}

export function data(id: number, bytes: Buffer | string, fin = false): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([u32(id), u32((fin ? 2 ** 24 : 0) + body.length), body]);
}

export function rstStream(id: number, status: number): Buffer {
  return control(3, 0, u32(id), u32(status));
}

export function ping(id: number): Buffer {
  return control(6, 0, u32(id));
}

export function goAway(): Buffer {
  return control(7, 0, u32(0), u32(0));
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
