/**
 * The proof of "nothing leaks, nothing doubles" on the clouds: the daemon is killed between its calls to the API server
 * and to the cloud, which it speaks to through the vendor's own SDK. Answers get lost, stock comes and goes, the spot
 * market takes instances back.
 *
 *   npm run test:crash:clouds                      at least 500 kills on each cloud
 *   npm run test:crash:clouds -- eci --kills 50
 *   CRASH_SEED=7 npm run test:crash:clouds -- eci  one story again, with its trace
 *
 * Time runs twenty times faster than real time; a story takes some seconds and many are played at once.
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../../../providers/mock/index.ts';
import type { CloudKind } from './cloud.ts';
import { eci } from './eci.ts';
import { fargate } from './fargate.ts';
import { type Outcome, playStory } from './story.ts';

const kinds: Readonly<Record<string, CloudKind>> = { eci, fargate };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '500' }, parallel: { type: 'string', default: '16' } },
});
const kills = Number(values.kills);
const names = positionals.length > 0 ? positionals : Object.keys(kinds);

/** Each call is as likely to be the last, up to a number of deaths. */
function deathsOf(seed: number): (point: number) => boolean {
  const random = seededRandom(seed + 1_000_003);
  let left = 1 + (seed % 12);
  return () => random() < 0.04 && left-- > 0;
}

interface Sum {
  stories: number;
  points: number;
  kills: number;
  readonly failures: string[];
}

async function matrix(name: string, kind: CloudKind): Promise<Sum> {
  const sum: Sum = { stories: 0, points: 0, kills: 0, failures: [] };
  let next = 0;
  async function teller(): Promise<void> {
    while (sum.kills < kills && sum.failures.length === 0) {
      const seed = next++;
      const outcome = await playStory(kind, seed, deathsOf(seed));
      sum.stories++;
      sum.points += outcome.points;
      sum.kills += outcome.kills;
      if (outcome.violations.length > 0)
        sum.failures.push(
          ...outcome.violations,
          `again: CRASH_SEED=${seed} npm run test:crash:clouds -- ${name}`,
        );
    }
  }
  await Promise.all(Array.from({ length: Number(values.parallel) }, teller));
  return sum;
}

async function again(seed: number): Promise<void> {
  for (const name of names) {
    const kind = kinds[name];
    if (kind === undefined) continue;
    const outcome: Outcome = await playStory(kind, seed, deathsOf(seed));
    console.log([...outcome.trace, ...outcome.violations].join('\n'));
    if (outcome.violations.length > 0) process.exitCode = 1;
  }
}

async function all(): Promise<void> {
  let passed = 0;
  let failed = 0;
  for (const name of names) {
    const kind = kinds[name];
    if (kind === undefined) throw new Error(`there is no cloud ${name}: ${Object.keys(kinds).join(', ')}`);
    const sum = await matrix(name, kind);
    const what = `${sum.stories} stories, ${sum.points} points, ${sum.kills} kills`;
    if (sum.failures.length === 0) passed++;
    else failed++;
    console.log([` ${sum.failures.length === 0 ? '✓' : '✗'} ${name}: ${what}`, ...sum.failures].join('\n'));
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await (process.env.CRASH_SEED === undefined ? all() : again(Number(process.env.CRASH_SEED)));
