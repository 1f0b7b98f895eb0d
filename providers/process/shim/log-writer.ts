import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { privateFileMode, privateFolderMode, segmentFile, segmentNumber } from '../layout.ts';
import type { Line } from './line-splitter.ts';
import { LogClock } from './log-clock.ts';

export interface LogLimits {
  /** A segment is closed before it grows beyond this. */
  readonly maxBytes: number;
  /** Segments to keep, the current one included. */
  readonly maxFiles: number;
}

/**
 * Writes one run's log in the CRI format (`<RFC 3339 with nanoseconds> stdout F text`) into numbered segments. An entry
 * never spans two. Writing is synchronous: a disk that is slow slows the container down, as a pipe would. What a full
 * disk loses is counted, and the count becomes a line of the log as soon as there is room.
 */
export class LogWriter {
  readonly #folder: string;
  readonly #limits: LogLimits;
  readonly #clock = new LogClock();
  #number: number;
  #file: number;
  #size: number;
  #lostBytes = 0;

  /** Goes on with the last segment when there is one. */
  constructor(folder: string, limits: LogLimits) {
    mkdirSync(folder, { recursive: true, mode: privateFolderMode });
    this.#folder = folder;
    this.#limits = limits;
    this.#number = Math.max(1, ...segments(folder));
    this.#file = this.#open();
    this.#size = fstatSync(this.#file).size;
  }

  write(stream: 'stdout' | 'stderr', lines: readonly Line[]): void {
    if (lines.length === 0) return;
    const time = this.#clock.stamp();
    try {
      if (this.#lostBytes > 0) this.#admitLoss(time);
      this.#append(encode(time, stream, lines));
    } catch (error) {
      if (this.#lostBytes === 0) console.error(`${time} output is being lost: ${String(error)}`);
      this.#lostBytes += lines.reduce((sum, line) => sum + line.data.length + 1, 0);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #admitLoss(time: string): void {
    const text = `burstlet: about ${this.#lostBytes} bytes of output were lost here, the log could not be written`;
    // Ends what may have been written of an entry when the room ran out.
    this.#writeAll(Buffer.from('\n'));
    this.#append(encode(time, 'stderr', [{ data: Buffer.from(text), partial: false }]));
    this.#lostBytes = 0;
  }

  /** Writes as many entries at once as fit the segment. */
  #append({ bytes, ends }: Entries): void {
    let from = 0;
    let to = 0;
    for (const end of ends) {
      const size = this.#size + to - from;
      if (size > 0 && size + end - to > this.#limits.maxBytes) {
        this.#writeAll(bytes.subarray(from, to));
        this.#rotate();
        from = to;
      }
      to = end;
    }
    this.#writeAll(bytes.subarray(from, to));
  }

  #writeAll(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      const written = writeSync(this.#file, bytes, done);
      this.#size += written;
      done += written;
    }
  }

  #rotate(): void {
    closeSync(this.#file);
    this.#number += 1;
    this.#file = this.#open();
    this.#size = 0;
    for (const number of segments(this.#folder))
      if (number <= this.#number - this.#limits.maxFiles)
        unlinkSync(path.join(this.#folder, segmentFile(number)));
  }

  #open(): number {
    return openSync(path.join(this.#folder, segmentFile(this.#number)), 'a', privateFileMode);
  }
}

interface Entries {
  readonly bytes: Buffer;
  /** Where each of them ends. */
  readonly ends: readonly number[];
}

function encode(time: string, stream: 'stdout' | 'stderr', lines: readonly Line[]): Entries {
  const heads = { F: `${time} ${stream} F `, P: `${time} ${stream} P ` };
  const size = lines.reduce((sum, line) => sum + heads.F.length + line.data.length + 1, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  const ends = lines.map(({ data, partial }) => {
    at += bytes.write(partial ? heads.P : heads.F, at, 'latin1');
    at += data.copy(bytes, at);
    at = bytes.writeUInt8(0x0a, at);
    return at;
  });
  return { bytes, ends };
}

function segments(folder: string): number[] {
  return readdirSync(folder)
    .map(segmentNumber)
    .filter((number) => number !== undefined);
}
