import { gzipSync } from 'node:zlib';
import type { FileSpec } from '../../contract/index.ts';

const blockSize = 512;

/** The files as a gzipped tar (POSIX ustar), owned by root; the same files always give the same bytes. Paths have at most 100 bytes. */
export function archiveOf(files: readonly FileSpec[]): Buffer {
  const folders = new Set(files.flatMap(({ path }) => parents(path)));
  const parts = [
    ...[...folders].sort().map((folder) => header(`${folder}/`, 0o755, 0, '5')),
    ...files.flatMap(({ path, mode, content }) => [header(path, mode, content.length, '0'), padded(content)]),
    Buffer.alloc(2 * blockSize),
  ];
  return gzipSync(Buffer.concat(parts), { level: 9 });
}

function parents(path: string): string[] {
  const steps = path.split('/').slice(0, -1);
  return steps.map((_step, index) => steps.slice(0, index + 1).join('/'));
}

function padded(content: Uint8Array): Buffer {
  const rest = content.length % blockSize;
  return Buffer.concat([content, Buffer.alloc(rest === 0 ? 0 : blockSize - rest)]);
}

function header(path: string, mode: number, size: number, type: '0' | '5'): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write(path, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
