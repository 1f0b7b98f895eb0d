/**
 * The proof of "nothing leaks, nothing doubles": kills the daemon at hundreds of points of seeded stories on a mock
 * cloud, takes the API server away, churns one name, and kills a real daemon on real processes.
 *
 *   node test/crash/main.ts                                 everything
 *   CRASH_SEED=7 CRASH_POINT=123 node test/crash/main.ts    one story again, with its trace
 *
 * CRASH_STORY: `plain`, or `market` where the cloud sells its instances and is out of stock now and then.
 * CRASH_POINT: the number of the call at which the daemon dies, `storm<number>`, or `none`.
 */
import { churn } from './churn.ts';
import { crashMatrix, tellingSeeds } from './matrix.ts';
import { outages, runOutage } from './outages.ts';
import { killDaemon } from './process-kill.ts';
import { deathsOf, runScenario, type Story } from './scenario.ts';

const seeds = [...Array.from({ length: 11 }, (_, seed) => seed), ...tellingSeeds];

const checks: readonly { readonly name: string; readonly run: () => Promise<string> }[] = [
  {
    name: 'the daemon killed at random points',
    async run() {
      const { runs, points, kills } = await crashMatrix({ seeds, pointsPerSeed: 38, stormsPerSeed: 6 });
      return `${runs} runs of ${seeds.length} seeds with ${points} points, ${kills} kills`;
    },
  },
  {
    name: 'the daemon killed at random points, with stock that comes and goes',
    async run() {
      const options = { story: 'market', seeds, pointsPerSeed: 38, stormsPerSeed: 6 } as const;
      const { runs, points, kills } = await crashMatrix(options);
      return `${runs} runs of ${seeds.length} seeds with ${points} points, ${kills} kills`;
    },
  },
  ...outages.map((outage) => ({
    name: outage.name,
    run: async () => `${await runOutage(outage, 1)} Pods lived through it`,
  })),
  {
    name: 'the same name deleted and re-created',
    async run() {
      const { pods, kills } = await churn(1_000, 1);
      return `${pods} Pods, ${kills} kills`;
    },
  },
  {
    name: 'a real daemon and real processes, with kill -9',
    async run() {
      if (process.platform !== 'linux') return 'skipped: the check reads /proc';
      const { pods, kills } = await killDaemon(16, 1);
      return `${pods} Pods, ${kills} kills`;
    },
  },
];

async function main(): Promise<void> {
  const { CRASH_SEED: seed, CRASH_POINT: point = 'none', CRASH_STORY: story } = process.env;
  if (seed !== undefined) return replay(Number(seed), point, story === 'market' ? 'market' : 'plain');
  const begun = performance.now();
  let failed = 0;
  for (const { name, run } of checks) {
    const started = performance.now();
    try {
      const summary = await run();
      console.log(` ✓ ${name}: ${summary} (${seconds(started)})`);
    } catch (error) {
      failed++;
      console.log(` ✗ ${name} (${seconds(started)})\n${String(error)}`);
    }
  }
  console.log(`${checks.length - failed} passed, ${failed} failed in ${seconds(begun)}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function replay(seed: number, point: string, story: Story): Promise<void> {
  const { trace, violations, kills, points } = await runScenario(seed, deathsOf(point), story);
  console.log(trace.join('\n'));
  console.log(
    `seed=${seed} point=${point}: ${points} points, ${kills} kills, ${violations.length} violations`,
  );
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

await main();
