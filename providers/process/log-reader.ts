import type { FileHandle } from 'node:fs/promises';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LogEntry } from '../contract/logs.ts';
import { segmentFile, segmentNumber } from './layout.ts';
import { isMissing } from './records.ts';

const blockBytes = 64 * 1024;

/** Reads the segments of one log in order, and goes on where it stopped. Follows rotation; an open segment stays readable after its removal. */
export class LogReader {
  readonly #folder: string;
  readonly #block = Buffer.alloc(blockBytes);
  #file: FileHandle | undefined;
  #number = 0;
  /** Of the open segment, in bytes. */
  #position = 0;
  /** The beginning of an entry whose end was not yet there. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Goes forward to where at most a little more than the last `count` entries are left. Saves reading what a tail drops. */
  async skipToLast(count: number): Promise<void> {
    let wanted = count;
    for (const number of (await this.#segments()).sort((one, other) => other - one)) {
      await this.close();
      await this.#openSegment(number);
      if (this.#file === undefined) return;
      const { size } = await this.#file.stat();
      for (let end = size; end > 0; end -= blockBytes) {
        const start = Math.max(0, end - blockBytes);
        const { bytesRead } = await this.#file.read(this.#block, 0, end - start, start);
        for (let at = bytesRead - 1; at >= 0; at -= 1) {
          if (this.#block[at] !== 0x0a) continue;
          // The newline before the wanted entries; one more than their number, for each of them ends with one.
          if (wanted === 0) {
            this.#position = start + at + 1;
            return;
          }
          wanted -= 1;
        }
      }
    }
  }

  /** What there is from here to the present end. */
  async *toEnd(): AsyncGenerator<LogEntry, void, undefined> {
    for (;;) {
      // Asked before reading: once there is a next segment, nothing is added to this one.
      const next = await this.#nextSegment();
      if (this.#file !== undefined) yield* this.#readFile(this.#file);
      if (next === undefined) return;
      await this.close();
      await this.#openSegment(next);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async *#readFile(file: FileHandle): AsyncGenerator<LogEntry, void, undefined> {
    for (;;) {
      const { bytesRead } = await file.read(this.#block, 0, blockBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const bytes = Buffer.concat([this.#rest, this.#block.subarray(0, bytesRead)]);
      let from = 0;
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
        const entry = parseEntry(bytes.subarray(from, end));
        from = end + 1;
        if (entry !== undefined) yield entry;
      }
      this.#rest = bytes.subarray(from);
    }
  }

  async #nextSegment(): Promise<number | undefined> {
    const later = (await this.#segments()).filter((number) => number > this.#number);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  async #segments(): Promise<number[]> {
    const files = await readdir(this.#folder);
    return files.map(segmentNumber).filter((number) => number !== undefined);
  }

  async #openSegment(number: number): Promise<void> {
    this.#number = number;
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
    try {
      this.#file = await open(path.join(this.#folder, segmentFile(number)), 'r');
    } catch (error) {
      // Rotated away since it was listed; what is left begins with a later one.
      if (!isMissing(error)) throw error;
    }
  }
}

/** `2006-01-02T15:04:05.000000000Z stdout F text`: the time is 30 characters, the streams are 6 each. */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const head = line.toString('latin1', 0, 40);
  const match = /^(\S{30}) (stdout|stderr) ([FP]) /.exec(head);
  const [, time, stream, tag] = match ?? [];
  if (time === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  return { time, stream, data: new Uint8Array(line.subarray(40)), partial: tag === 'P' };
}
