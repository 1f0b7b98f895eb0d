import { notes } from './notes.ts';
import { podLines, workloadLines } from './object-lines.ts';
import type { Observed } from './observed.ts';

/** What is said about each object, by its name. Holds no ages: they would change all the time. */
export type Descriptions = ReadonlyMap<string, string>;

export function describe(seen: Observed): Descriptions {
  return new Map([
    ...notes(seen).map((note): [string, string] => ['note', note]),
    ...workloadLines(seen).map(({ name, ready, status }): [string, string] => [
      name,
      status === '' ? `${ready} ready` : [ready, status].filter((part) => part !== '').join(', '),
    ]),
    ...podLines(seen).map(({ name, ready, status, restarts, ip, message }): [string, string] => [
      `pod/${name}`,
      [
        status,
        message === '' ? `${ready} ready` : message,
        ...(restarts === '0' ? [] : [`${restarts} restarts`]),
        ...(ip === '' ? [] : [ip]),
      ].join(', '),
    ]),
  ]);
}

/** One line per object that is other than before. */
export function changedLines(before: Descriptions, now: Descriptions): readonly string[] {
  return [
    ...[...now].filter(([name, text]) => before.get(name) !== text).map(([name, text]) => `${name}: ${text}`),
    ...[...before.keys()].filter((name) => !now.has(name)).map((name) => `${name}: gone`),
  ];
}
