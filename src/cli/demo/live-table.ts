import { since } from '../../devcluster/tables/human-duration.ts';
import { alignColumns } from '../align-columns.ts';
import { notes } from './notes.ts';
import { podLines, workloadLines } from './object-lines.ts';
import type { Observed } from './observed.ts';

/** The state as a table, with ages as of `now` (milliseconds since the epoch). */
export function tableLines(seen: Observed, now: number): readonly string[] {
  const pods = podLines(seen);
  return [
    ...alignColumns([
      ['WORKLOAD', 'READY', 'STATUS', 'AGE'],
      ...workloadLines(seen).map(({ name, ready, status, createdAt }) => [
        name,
        ready,
        status,
        since(createdAt, now),
      ]),
    ]),
    '',
    ...alignColumns([
      ['POD', 'READY', 'STATUS', 'RESTARTS', 'IP', 'AGE'],
      ...pods.map(({ name, ready, status, restarts, ip, createdAt }) => [
        name,
        ready,
        status,
        restarts,
        ip,
        since(createdAt, now),
      ]),
    ]),
    '',
    ...notes(seen).map((note) => `note: ${note}`),
    ...pods.filter(({ message }) => message !== '').map(({ name, message }) => `${name}: ${message}`),
  ];
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** As much as the terminal can show without wrapping or scrolling, which would leave copies behind. */
export function clipped(lines: readonly string[], { columns, rows }: TerminalSize): readonly string[] {
  const room = Math.max(2, rows - 1);
  const shown =
    lines.length <= room
      ? lines
      : [
          ...lines.slice(0, room - 1),
          `... and ${lines.length - room + 1} more lines: make the window higher`,
        ];
  return shown.map((line) => (line.length < columns ? line : `${line.slice(0, Math.max(1, columns - 2))}…`));
}

/** What to write to put `lines` in the place of the last `height` lines (CSI cursor up, erase line, erase below). */
export function repaint(height: number, lines: readonly string[]): string {
  const up = height > 0 ? `\u001b[${height}A` : '';
  return `${up}\r${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`;
}
