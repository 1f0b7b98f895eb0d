import type { LogEntry } from '../../../providers/contract/index.ts';

const newline = Buffer.from('\n');

/**
 * Turns log entries into the bytes of the answer: one stamp per line (not per part of a long line), and an end after
 * `limitBytes`, in the middle of a line if need be (cri-client/pkg/logs/logs.go).
 */
export class LogWriter {
  readonly #timestamps: boolean;
  #left: number;
  #inLine: Record<LogEntry['stream'], boolean> = { stdout: false, stderr: false };

  constructor(options: { readonly timestamps: boolean; readonly limitBytes?: number | undefined }) {
    this.#timestamps = options.timestamps;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** True when nothing more will be written. */
  get full(): boolean {
    return this.#left <= 0;
  }

  bytes(entry: LogEntry): Buffer {
    const stamp =
      this.#timestamps && !this.#inLine[entry.stream] ? Buffer.from(`${entry.time} `) : Buffer.alloc(0);
    this.#inLine[entry.stream] = entry.partial;
    const whole = Buffer.concat([stamp, entry.data, ...(entry.partial ? [] : [newline])]);
    const cut = whole.length > this.#left ? whole.subarray(0, this.#left) : whole;
    this.#left -= cut.length;
    return cut;
  }
}
