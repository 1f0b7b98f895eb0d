import { allowanceFor } from './allowed.ts';
import type { OracleCase } from './case.ts';
import { flatten } from './flatten.ts';
import type { Performance, Side } from './play.ts';
import { differentChanges, tracksOf } from './tracks.ts';

export interface Difference {
  /** `status phase`, `changes of container main`, `events`. */
  readonly where: string;
  readonly kubelet: string;
  readonly burstlet: string;
  /** The key of the reason why it may be so. */
  readonly allowed?: string;
}

export interface Seen {
  readonly side: Side;
  readonly performance: Performance;
  readonly events: readonly string[];
}

/** Between the ends of two containers that did the same at different times on a busy machine. */
const toleratedSeconds = 4;

/** Everything in which the two nodes differ. */
export function compare(one: OracleCase, kubelet: Seen, burstlet: Seen): Difference[] {
  const found = [
    ...troubles(kubelet, burstlet),
    ...statuses(kubelet, burstlet),
    ...changes(kubelet, burstlet),
    ...only('events', kubelet.events, burstlet.events),
    // Of every Pod something is told: the comparison would be of nothing.
    ...(kubelet.events.length === 0 ? [{ where: 'course', kubelet: 'no Events', burstlet: '' }] : []),
  ];
  return found.map((difference) => {
    const allowed = allowanceFor(one.name, difference);
    return allowed === undefined ? difference : { ...difference, allowed };
  });
}

function troubles(kubelet: Seen, burstlet: Seen): Difference[] {
  const ours = burstlet.performance.trouble ?? '';
  const theirs = kubelet.performance.trouble ?? '';
  // A case that a kubelet does not finish either tells nothing.
  return ours === '' && theirs === '' ? [] : [{ where: 'course', kubelet: theirs, burstlet: ours }];
}

function statuses(kubelet: Seen, burstlet: Seen): Difference[] {
  const [theirs, ours] = [kubelet, burstlet].map(({ performance, side }) =>
    performance.final === undefined ? new Map<string, string | number>() : flatten(performance.final, side),
  );
  const paths = [...new Set([...(theirs?.keys() ?? []), ...(ours?.keys() ?? [])])].toSorted();
  return paths.flatMap((path) => {
    const [a, b] = [theirs?.get(path), ours?.get(path)];
    if (a === b || (path.endsWith('.ranSeconds') && Math.abs(Number(a) - Number(b)) <= toleratedSeconds))
      return [];
    return [{ where: `status ${path}`, kubelet: String(a ?? ''), burstlet: String(b ?? '') }];
  });
}

function changes(kubelet: Seen, burstlet: Seen): Difference[] {
  const theirs = tracksOf(kubelet.performance.sights);
  const ours = tracksOf(burstlet.performance.sights);
  const parts = [...new Set([...theirs.keys(), ...ours.keys()])].toSorted();
  return parts.flatMap((part) => {
    const { one, other } = differentChanges(theirs.get(part) ?? [], ours.get(part) ?? []);
    return only(`changes of ${part}`, one, other);
  });
}

function only(where: string, theirs: readonly string[], ours: readonly string[]): Difference[] {
  return [
    ...theirs.filter((line) => !ours.includes(line)).map((line) => ({ where, kubelet: line, burstlet: '' })),
    ...ours.filter((line) => !theirs.includes(line)).map((line) => ({ where, kubelet: '', burstlet: line })),
  ];
}
