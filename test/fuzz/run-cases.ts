import { parseArgs } from 'node:util';

const mib = 1024 * 1024;
/** What one case leaves is nothing, so what many leave is what the collector has not looked at yet. */
const maxHeldMib = 256;

/** Runs cases as the flags say, and counts how they ended. The process ends with 1 and the seed when one fails. */
export async function runCases(run: (seed: number) => Promise<string>): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
      cases: { type: 'string', default: 'Infinity' },
    },
  });
  const first = Number(flags.seed);
  const until = Date.now() + Number(flags.minutes) * 60_000;
  const last = first + Number(flags.cases);

  let seed = first;
  const fail = (error: unknown): never => {
    console.error(`seed ${seed}:`, error);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const ends = new Map<string, number>();
  for (; seed < last && Date.now() < until; seed++) {
    const end = await run(seed).catch(fail);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const heldMib = Math.round((heapUsed + arrayBuffers) / mib);
  if (heldMib > maxHeldMib) fail(new Error(`${heldMib} MiB held after ${seed - first} cases`));
  console.log(`${seed - first} cases from seed ${first}, ${heldMib} MiB held:`, Object.fromEntries(ends));
}
