import { type FaultRates, seededRandom } from '../../providers/mock/index.ts';
import type { ApiRates } from './api-weather.ts';
import { stormyOffers, withoutStockFaults } from './market.ts';
import { podScript, scriptMs } from './pod-script.ts';
import { World, type WorldOptions } from './world.ts';

/** When the daemon dies: never, at one point, or again and again by chance. */
export type Deaths =
  | { readonly kind: 'none' }
  | { readonly kind: 'at'; readonly point: number }
  | { readonly kind: 'storm'; readonly number: number };

/** `market`: the cloud sells its instances, and is out of stock now and then. */
export type Story = 'plain' | 'market';

export interface Outcome {
  readonly story: Story;
  readonly seed: number;
  readonly deaths: Deaths;
  readonly points: number;
  readonly kills: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** Two sweeps of the node, after the longest wait that a fault may have left behind. */
const calmMs: Readonly<Record<Story, number>> = { plain: 300_000, market: 1_500_000 };

export const roughCloud: FaultRates = {
  calls: {
    create: {
      throttle: 0.05,
      outOfStock: 0.05,
      lostBefore: 0.05,
      lostAfter: 0.1,
      late: 0.07,
      slow: 0.15,
      hang: 0.02,
    },
    stop: { throttle: 0.05, lostBefore: 0.08, lostAfter: 0.08, late: 0.04, slow: 0.1 },
    delete: { throttle: 0.05, lostBefore: 0.08, lostAfter: 0.08, late: 0.04, slow: 0.1 },
    list: { lostBefore: 0.1, slow: 0.2, hang: 0.02 },
    observe: { lostBefore: 0.1 },
    update: { lostBefore: 0.1, slow: 0.1 },
  },
  events: { drop: 0.04, duplicate: 0.05, late: 0.1, break: 0.02 },
};

const roughApi: ApiRates = {
  reads: { refused: 0.05, lostBefore: 0.05, slow: 0.1 },
  writes: { refused: 0.05, lostBefore: 0.05, lostAfter: 0.08, late: 0.06, slow: 0.2 },
  events: { cut: 0.03, duplicate: 0.05, stale: 0.05 },
  gone: 0.2,
  lagMs: 800,
};

/** An API server that takes its time: what a dead daemon wrote arrives when the next one has read already. */
const slowApi: ApiRates = { ...roughApi, writes: { late: 0.3, slow: 0.6 } };

/** Weather by seed. */
const weathers: readonly Omit<WorldOptions, 'seed'>[] = [
  {},
  { cloudRates: roughCloud, apiRates: roughApi, overlooks: 0.1 },
  { cloudRates: roughCloud, apiRates: slowApi, downMs: 0 },
];

/** The whole story of a seed: its script, its faults, its deaths, and the look at what is left. */
export async function runScenario(seed: number, deaths: Deaths, story: Story = 'plain'): Promise<Outcome> {
  const weather = weathers[seed % weathers.length];
  const world = new World({
    ...{ seed, ...weather, killAt: killsOf(deaths) },
    ...(story === 'market' && marketWeather(seed, weather)),
  });
  world.start();
  await world.play(podScript(seededRandom(seed)), scriptMs);
  await world.calmDown(calmMs[story]);
  await world.conclude();
  const { points, kills, trace } = world;
  return { story, seed, deaths, points, kills, violations: world.auditor.violations, trace };
}

function marketWeather(seed: number, weather: Omit<WorldOptions, 'seed'> | undefined): Partial<WorldOptions> {
  const cloudRates = withoutStockFaults(weather?.cloudRates);
  return { offers: stormyOffers(seed), ...(cloudRates && { cloudRates }) };
}

function killsOf(deaths: Deaths): (point: number) => boolean {
  switch (deaths.kind) {
    case 'none':
      return () => false;
    case 'at':
      return (point) => point === deaths.point;
    case 'storm': {
      const random = seededRandom(deaths.number);
      let left = stormKills;
      return () => random() < 0.05 && left-- > 0;
    }
  }
}

/** A storm ends after so many. */
const stormKills = 12;

export function nameOf(deaths: Deaths): string {
  if (deaths.kind === 'none') return 'none';
  return deaths.kind === 'at' ? String(deaths.point) : `storm${deaths.number}`;
}

/** Reads what {@link nameOf} wrote. */
export function deathsOf(name: string): Deaths {
  const storm = /^storm(\d+)$/.exec(name);
  if (storm !== null) return { kind: 'storm', number: Number(storm[1]) };
  if (name === 'none') return { kind: 'none' };
  if (!/^\d+$/.test(name)) throw new Error(`CRASH_POINT=${name}: give a number, storm<number> or none`);
  return { kind: 'at', point: Number(name) };
}
