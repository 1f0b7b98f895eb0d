import { changedLines, type Descriptions, describe } from './change-lines.ts';
import { clipped, repaint, tableLines } from './live-table.ts';
import type { Observed } from './observed.ts';

/** Where the demo writes: standard output. */
export interface DemoOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  readonly rows?: number;
}

/** Shows the state, again and again. Each call puts the new state in the place of the old or below it. */
export type Display = (seen: Observed, now: number) => void;

/** A table that is drawn in place on a terminal; elsewhere a line for each change, with the seconds since `startedAt`. */
export function createDisplay(output: DemoOutput, startedAt: number): Display {
  return output.isTTY ? liveTable(output) : changeLog(output, startedAt);
}

function liveTable(output: DemoOutput): Display {
  let height = 0;
  return (seen, now) => {
    // A terminal that does not know its size says 0.
    const lines = clipped(tableLines(seen, now), { columns: output.columns || 80, rows: output.rows || 24 });
    output.write(repaint(height, lines));
    height = lines.length;
  };
}

function changeLog(output: DemoOutput, startedAt: number): Display {
  let before: Descriptions = new Map();
  return (seen, now) => {
    const after = describe(seen);
    const seconds = ((now - startedAt) / 1_000).toFixed(1).padStart(6);
    for (const line of changedLines(before, after)) output.write(`${seconds}s ${line}\n`);
    before = after;
  };
}
