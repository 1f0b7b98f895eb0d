import {
  eachOf,
  listOf,
  number,
  object,
  oneOf,
  readOptions,
  type Shape,
  text,
  whole,
} from '../contract/index.ts';
import { mockCallKinds } from './call.ts';
import type { MockCloudDeps } from './cloud.ts';
import { FaultPlan, faultRates } from './faults.ts';
import { type MockOffer, stockStates } from './market.ts';
import { seededRandom } from './random.ts';
import { defaultScript, filledUp, latency, scriptShape } from './script.ts';

const size = object({
  name: text(),
  cpuMillis: number(0),
  memoryBytes: number(0),
  pricePerSecond: number(0).optional(),
});

const rates = object({
  currency: text(),
  perCpuSecond: number(0),
  perGibSecond: number(0),
  minimumSeconds: whole(0).or(1),
}).as((read) => ({ ...read, asOf: '2026-01-01', source: 'the options of the mock' }));

const offer: Shape<MockOffer> = object({
  id: text(),
  market: oneOf(['on-demand', 'spot']),
  zone: text().optional(),
  sizes: listOf('a list of sizes', size),
  rates: rates.optional(),
  stock: listOf('a list of {atMs, state}', object({ atMs: number(0), state: oneOf(stockStates) })).or([]),
  reclaims: object({ chance: number(0, 1), afterMs: latency, noticeMs: number(0).or(0) }).optional(),
}).as(({ stock, reclaims, ...offer }) => ({ offer, stock, ...(reclaims && { reclaims }) }));

/** `provider.options` (docs/reference/mock-provider.md). */
const mockOptions = object({
  seed: whole(0).optional(),
  /** For Pods without a script of their own. */
  script: scriptShape.as((script) => filledUp(script)).or(defaultScript),
  /** How long the calls take. */
  latencies: eachOf([...mockCallKinds, '*'], latency).or({}),
  faults: faultRates.optional(),
  capacity: object({ instances: whole(0), cpuMillis: number(0), memoryBytes: number(0) })
    .as(({ instances, ...resources }) => ({ instances, resources }))
    .optional(),
  offers: listOf('one or more offers, each with an id of its own', offer, { least: 1 })
    .unless(
      (offers) => new Set(offers.map(({ offer }) => offer.id)).size < offers.length && 'two have the same id',
    )
    .optional(),
});

/** Throws InvalidSpec that names every fault. */
export function readMockOptions(options: unknown): MockCloudDeps {
  const { seed, faults: rates, ...read } = readOptions(mockOptions, options);
  const random = seed === undefined ? Math.random : seededRandom(seed);
  return { ...read, random, history: false, ...(rates && { faults: new FaultPlan({ random, rates }) }) };
}
