import { seededRandom } from '../../providers/mock/index.ts';
import { requireNone } from './failure.ts';
import { type Deaths, nameOf, type Outcome, runScenario, type Story } from './scenario.ts';

export interface MatrixOptions {
  readonly story?: Story;
  readonly seeds: readonly number[];
  /** Points of each seed at which the daemon is killed, one run each; drawn from all of them. */
  readonly pointsPerSeed: number;
  /** Runs of each seed in which it is killed again and again. */
  readonly stormsPerSeed: number;
}

export interface MatrixSummary {
  readonly runs: number;
  readonly points: number;
  readonly kills: number;
}

/**
 * Stories in which much comes together: an end seen late and a provider that cannot be listed; the events of a vanished
 * instance after its successor's; a create that lands when its Pod is over.
 */
export const tellingSeeds: readonly number[] = [38, 104, 559];

/** Kills the daemon at points of the scripts of all seeds. Throws at the first thing that is wrong, with its seed and point. */
export async function crashMatrix(options: MatrixOptions): Promise<MatrixSummary> {
  let runs = 0;
  let points = 0;
  let kills = 0;
  async function run(seed: number, deaths: Deaths): Promise<Outcome> {
    const outcome = await runScenario(seed, deaths, options.story);
    requireNone(outcome.violations, replayOf(outcome));
    runs++;
    kills += outcome.kills;
    return outcome;
  }
  for (const seed of options.seeds) {
    const alive = await run(seed, { kind: 'none' });
    points += alive.points;
    for (const point of drawn(alive.points, options.pointsPerSeed, seed))
      await run(seed, { kind: 'at', point });
    for (let number = 0; number < options.stormsPerSeed; number++) await run(seed, { kind: 'storm', number });
  }
  return { runs, points, kills };
}

export function replayOf({ seed, deaths, story }: Pick<Outcome, 'seed' | 'deaths' | 'story'>): string {
  return `CRASH_STORY=${story} CRASH_SEED=${seed} CRASH_POINT=${nameOf(deaths)} node test/crash/main.ts`;
}

/** `count` of the numbers below `all`, each once. */
function drawn(all: number, count: number, seed: number): number[] {
  const random = seededRandom(seed);
  const numbers = Array.from({ length: all }, (_, number) => ({ number, key: random() }));
  return numbers
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ number }) => number);
}
