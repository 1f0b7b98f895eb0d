import {
  type FaultRates,
  type MockOffer,
  type StockState,
  seededRandom,
} from '../../providers/mock/index.ts';
import { scriptMs } from './pod-script.ts';

const gib = 1024 ** 3;
const size = (cpu: number, memory: number) => ({
  ...{ name: `${cpu}-${memory}`, cpuMillis: cpu * 1000, memoryBytes: memory * gib },
});
const rates = {
  ...{ currency: 'USD', perCpuSecond: 0.00001, perGibSecond: 0.000001, minimumSeconds: 60 },
  ...{ asOf: '2026-01-01', source: 'test' },
};

/** Three offers whose stock comes and goes by seed, the last most rarely. What is spot is taken back now and then. */
export function stormyOffers(seed: number): readonly MockOffer[] {
  const random = seededRandom(seed + 1_000_003);
  return [
    {
      offer: { id: 'a/spot', market: 'spot', sizes: [size(1, 2), size(2, 4)], rates },
      stock: stockOf(random, 0.4),
      reclaims: { chance: 0.1, afterMs: { min: 5_000, max: 60_000 }, noticeMs: 4_000 },
    },
    { offer: { id: 'b/spot', market: 'spot', sizes: [size(1, 2)], rates }, stock: stockOf(random, 0.5) },
    {
      offer: { id: 'a/on-demand', market: 'on-demand', sizes: [size(2, 4)], rates },
      stock: stockOf(random, 0.75),
    },
  ];
}

function stockOf(random: () => number, inStock: number): { atMs: number; state: StockState }[] {
  const changes: { atMs: number; state: StockState }[] = [];
  for (let atMs = 0; atMs < scriptMs; atMs += 5_000 + random() * 30_000) {
    const state = random() < inStock ? 'in' : random() < 0.5 ? 'out' : 'late';
    changes.push({ atMs, state });
  }
  return [...changes, { atMs: scriptMs, state: 'in' }];
}

/** The cloud says itself what it is out of. */
export function withoutStockFaults(rates: FaultRates | undefined): FaultRates | undefined {
  if (rates?.calls.create === undefined) return rates;
  const { outOfStock: _by, ...create } = rates.calls.create;
  return { ...rates, calls: { ...rates.calls, create } };
}
