import { describe, expect, test } from 'vitest';
import { churn } from '../crash/churn.ts';
import { crashMatrix, tellingSeeds } from '../crash/matrix.ts';
import { outages, runOutage } from '../crash/outages.ts';

/** A sample of `node test/crash/main.ts`, which kills many times more often. */
describe('nothing leaks, nothing doubles', () => {
  test('when the daemon is killed at random points', async () => {
    const { kills } = await crashMatrix({
      seeds: [1, 2, ...tellingSeeds],
      pointsPerSeed: 10,
      stormsPerSeed: 2,
    });
    expect(kills).toBeGreaterThanOrEqual(60);
  });

  test('when it is killed at random points, and stock comes and goes', async () => {
    // Two of them know a predecessor's write that lands after its successor has read.
    const { kills } = await crashMatrix({
      ...{ story: 'market', seeds: [7, 11, 17] },
      ...{ pointsPerSeed: 8, stormsPerSeed: 1 },
    });
    expect(kills).toBeGreaterThanOrEqual(24);
  });

  test.each(outages.map((outage) => [outage.name, outage] as const))('when %s', async (_name, outage) => {
    expect(await runOutage(outage, 1)).toBeGreaterThan(0);
  });

  test('when one name is deleted and made again 200 times', async () => {
    expect(await churn(200, 1)).toMatchObject({ pods: 200 });
  });
});
