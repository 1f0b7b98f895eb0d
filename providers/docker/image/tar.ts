export interface TarEntry {
  /** At most 100 bytes. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

const blockBytes = 512;

/** An archive of regular files that belong to root, in the ustar format (POSIX.1-1988), without anything of this machine in it. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const padding = (blockBytes - (entry.content.length % blockBytes)) % blockBytes;
    parts.push(header(entry), entry.content, Buffer.alloc(padding));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function header({ path, mode, content }: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path} is too long for a ustar header`);
  block.write(path, 0);
  writeOctal(block, mode, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, content.length, 124, 12);
  writeOctal(block, 0, 136, 12);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return block;
}

function writeOctal(block: Buffer, value: number, offset: number, width: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), offset);
}
