import type { FaultRates } from '../../providers/mock/index.ts';
import type { ApiRates } from './api-weather.ts';
import { require, requireNone } from './failure.ts';
import type { PodWish, Step, TimedStep } from './pod-script.ts';
import { World } from './world.ts';

/** Trouble on the way to the API server or the provider, with no death of the daemon. */
export interface Outage {
  readonly name: string;
  readonly apiRates?: ApiRates;
  readonly cloudRates?: FaultRates;
  /** Beside the life of the Pods. */
  readonly steps?: readonly TimedStep[];
}

const noRates: ApiRates = { reads: {}, writes: {}, events: {}, gone: 0, lagMs: 0 };
const every = (ms: number, step: Step): TimedStep[] =>
  Array.from({ length: Math.floor(lifeMs / ms) }, (_, index) => ({ atMs: (index + 1) * ms, step }));

const lifeMs = 180_000;

export const outages: readonly Outage[] = [
  {
    name: 'the API server refuses connections for 60 s',
    steps: [{ atMs: 40_000, step: { type: 'apiAway', how: 'refused', ms: 60_000 } }],
  },
  {
    name: 'the API server is silent for 60 s',
    steps: [{ atMs: 40_000, step: { type: 'apiAway', how: 'silent', ms: 60_000 } }],
  },
  { name: 'watches are reset between any two events', apiRates: { ...noRates, events: { cut: 0.4 } } },
  {
    name: 'a resumed watch is told 410 every time',
    apiRates: { ...noRates, gone: 0.7 },
    steps: every(3_000, { type: 'cutWatches' }),
  },
  {
    name: 'lists of both sides fail half-way',
    apiRates: { ...noRates, gone: 0.7, reads: { lostBefore: 0.4, lostAfter: 0.2 } },
    cloudRates: { calls: { list: { lostBefore: 0.6 } }, events: { drop: 0.2, break: 0.05 } },
    steps: every(5_000, { type: 'cutWatches' }),
  },
  {
    name: 'events come late, twice, and again',
    apiRates: { ...noRates, events: { duplicate: 0.4, stale: 0.4 }, lagMs: 5_000 },
    cloudRates: { calls: {}, events: { duplicate: 0.4, late: 0.3 } },
  },
];

/** Throws when something was killed, doubled, missed or told wrongly. Returns the number of Pods that lived through it. */
export async function runOutage(outage: Outage, seed: number): Promise<number> {
  const { apiRates, cloudRates } = outage;
  const world = new World({
    seed,
    ...(apiRates === undefined ? {} : { apiRates }),
    ...(cloudRates === undefined ? {} : { cloudRates }),
  });
  world.start();
  await world.play([...lives, ...(outage.steps ?? [])], lifeMs);
  await world.calmDown(200_000);
  await world.conclude();
  requireNone(world.auditor.violations, `outage "${outage.name}", seed ${seed}`);
  const stays = staying.filter((name) => world.pod(name)?.status?.phase === 'Running');
  require(stays.length ===
    staying.length, `${outage.name}: only ${stays.join(', ')} of ${staying.length} still run`);
  for (const { podUid, created } of world.cloud.ledger.entries())
    require(created === 1, `${outage.name}: Pod ${podUid} had ${created} instances`);
  require(leaving.every(
    (name) => world.pod(name) === undefined,
  ), `${outage.name}: a deleted Pod is still there`);
  return staying.length;
}

const staying = Array.from({ length: 8 }, (_, index) => `stays-${index}`);
const leaving = Array.from({ length: 8 }, (_, index) => `leaves-${index}`);

function wish(name: string): PodWish {
  const spec = { containers: [{ name: 'main', image: 'app:1' }], terminationGracePeriodSeconds: 5 };
  return { name, spec, annotations: {}, finalizers: [], kept: false };
}

/** Pods come before, during and after the trouble; half of them go again, one comes back under its old name. */
const lives: readonly TimedStep[] = [
  ...staying.map((name, index) => ({
    atMs: index * 15_000,
    step: { type: 'create', pod: wish(name) } as const,
  })),
  ...leaving.flatMap((name, index): TimedStep[] => [
    { atMs: index * 10_000, step: { type: 'create', pod: wish(name) } },
    { atMs: 45_000 + index * 10_000, step: { type: 'delete', name } },
  ]),
  { atMs: 55_000, step: { type: 'exit', name: 'stays-0', code: 1 } },
  { atMs: 60_000, step: { type: 'ready', name: 'stays-1', ready: false } },
  { atMs: 70_000, step: { type: 'touch', name: 'stays-2' } },
  { atMs: 125_000, step: { type: 'create', pod: wish('leaves-0') } },
  { atMs: 150_000, step: { type: 'delete', name: 'leaves-0', graceSeconds: 0 } },
];
