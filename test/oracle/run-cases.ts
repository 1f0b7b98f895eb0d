import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { OracleCase } from './case.ts';
import { compare, type Difference, type Seen } from './compare.ts';
import { clear, eventsOf, type PlayDeps, play, type Side } from './play.ts';
import { startRecorder } from './recorder.ts';
import type { Result } from './report.ts';
import type { Stage } from './stage.ts';

export interface RunOptions {
  /** Cases at the same time; each has a Pod on both nodes. */
  readonly parallel: number;
  /** Begins with no further case. */
  readonly signal: AbortSignal;
  readonly onResult: (result: Result) => void;
}

/** Of a case with differences that nothing allows. */
const repetitions = 2;

/** Events come behind the status that they belong to; waited for while the nodes differ. */
const lateEvents = { looks: 8, everyMs: 500 };

export async function runCases(
  stage: Stage,
  cases: readonly (OracleCase & { readonly theme: string })[],
  { parallel, signal, onResult }: RunOptions,
): Promise<Result[]> {
  const recorder = await startRecorder(stage.client);
  const deps: PlayDeps = { client: stage.client, recorder };
  const queue = [...cases];
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined && !signal.aborted; one = queue.shift()) {
      const { theme, name } = one;
      const result = { theme, name, differences: await lastingDifferences(one, stage, deps) };
      results.push(result);
      onResult(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel }, worker));
  } finally {
    await recorder.stop();
  }
  const order = new Map(cases.map(({ name }, index) => [name, index]));
  return results.toSorted((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
}

/**
 * What differs, and differs again when the case is repeated: on a busy machine a Pod may come late on one node alone.
 */
async function lastingDifferences(
  one: OracleCase,
  stage: Stage,
  deps: PlayDeps,
): Promise<Result['differences']> {
  let found = await differencesOf(one, stage, deps);
  for (let repetition = 1; repetition <= repetitions && found.some(isOpen); repetition++) {
    const again = await differencesOf(one, stage, deps);
    found = again.filter((difference) => found.some((before) => isDeepStrictEqual(before, difference)));
  }
  return found;
}

function isOpen({ allowed }: Difference): boolean {
  return allowed === undefined;
}

async function differencesOf(one: OracleCase, stage: Stage, deps: PlayDeps): Promise<Result['differences']> {
  const perform = async (side: Side): Promise<Omit<Seen, 'events'>> => ({
    side,
    performance: await play(one, side, deps).catch((error: unknown) => ({
      ...{ uid: '', final: undefined, sights: [], trouble: String(error) },
    })),
  });
  const withEvents = async ({ side, performance }: Omit<Seen, 'events'>): Promise<Seen> => ({
    ...{ side, performance, events: await eventsOf(deps.client, side, performance.uid) },
  });
  try {
    const [kubelet, burstlet] = await Promise.all([perform(stage.kubelet), perform(stage.burstlet)]);
    for (let look = 1; ; look++) {
      const [theirs, ours] = await Promise.all([withEvents(kubelet), withEvents(burstlet)]);
      const found = compare(one, theirs, ours);
      const waits = found.some((difference) => difference.where === 'events' && isOpen(difference));
      if (!waits || look >= lateEvents.looks) return found;
      await pause(lateEvents.everyMs);
    }
  } finally {
    await Promise.all([stage.kubelet, stage.burstlet].map((side) => clear(one, side, deps)));
  }
}
