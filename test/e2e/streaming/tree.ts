import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bulk } from './bulk.ts';

const files = 30;

/** Fills a folder with files in folders, `bytes` in all. */
export async function fillTree(folder: string, bytes: number): Promise<void> {
  for (let i = 0; i < files; i++) {
    const file = path.join(folder, `folder ${i % 5}`, `file-${i}`);
    await mkdir(path.dirname(file), { recursive: true });
    await pipeline(bulk(Math.floor(bytes / files) + i), createWriteStream(file));
  }
}

/** Of the names and contents in a folder. */
export async function treeDigest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  for (const file of found.sort()) {
    hash.update(path.relative(folder, file));
    for await (const block of createReadStream(file)) hash.update(block);
  }
  return hash.digest('hex');
}
