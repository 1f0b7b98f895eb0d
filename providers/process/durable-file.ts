import { closeSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { privateFileMode } from './layout.ts';
import { hasCode } from './records.ts';

/** Replaces a file so that any crash leaves the old content or the new one, and the new one once this returns. */
export function replaceFile(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeThrough(temporary, content);
  renameSync(temporary, file);
  syncFolder(path.dirname(file));
}

/** Creates a file together with its content. False when there is one already: of several callers exactly one wins. */
export function createFile(file: string, content: string): boolean {
  const temporary = `${file}.${process.pid}.tmp`;
  writeThrough(temporary, content);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
  syncFolder(path.dirname(file));
  return true;
}

export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function writeThrough(file: string, content: string): void {
  const handle = openSync(file, 'w', privateFileMode);
  try {
    const bytes = Buffer.from(content);
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
