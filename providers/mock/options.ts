import type { Capacity, InstanceSize, Offer } from '../contract/index.ts';
import type { MockCallKind } from './call.ts';
import { mockCallKinds } from './call.ts';
import type { MockCloudDeps } from './cloud.ts';
import { FaultPlan, readFaultRates } from './faults.ts';
import type { CallLatencies } from './front.ts';
import { type MockOffer, stockStates } from './market.ts';
import type { Latency } from './random.ts';
import { seededRandom } from './random.ts';
import {
  optional,
  readInteger,
  readList,
  readNumber,
  readObject,
  readOneOf,
  readText,
  wrong,
} from './read.ts';
import { defaultScript, readLatency, readScript } from './script.ts';

/**
 * Reads `provider.options` of the mock: `seed`, `script`, `latencies`, `faults`, `capacity`, `offers` (all optional; see
 * docs/reference/mock-provider.md). Throws InvalidSpec that names the place.
 */
export function readMockOptions(options: unknown, where = 'provider.options'): MockCloudDeps {
  const fields = readObject(options, where, ['seed', 'script', 'latencies', 'faults', 'capacity', 'offers']);
  const seed = optional(fields, 'seed', where, undefined, readInteger);
  const random = seed === undefined ? Math.random : seededRandom(seed);
  const rates = optional(fields, 'faults', where, undefined, readFaultRates);
  const capacity = optional(fields, 'capacity', where, undefined, readCapacity);
  const offers = optional(fields, 'offers', where, undefined, readOffers);
  return {
    random,
    script: optional(fields, 'script', where, defaultScript, (script, at) => readScript(script, at)),
    latencies: optional(fields, 'latencies', where, {}, readLatencies),
    history: false,
    ...(rates === undefined ? {} : { faults: new FaultPlan({ random, rates }) }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(offers === undefined ? {} : { offers }),
  };
}

function readLatencies(value: unknown, where: string): CallLatencies {
  const latencies: Partial<Record<MockCallKind | '*', Latency>> = {};
  const kinds = [...mockCallKinds, '*'] as const;
  const fields = readObject(value, where, kinds);
  for (const kind of kinds) {
    const latency = optional(fields, kind, where, undefined, readLatency);
    if (latency !== undefined) latencies[kind] = latency;
  }
  return latencies;
}

function readCapacity(value: unknown, where: string): Capacity {
  const fields = readObject(value, where, ['instances', 'cpuMillis', 'memoryBytes']);
  return {
    instances: readInteger(fields.instances, `${where}.instances`),
    resources: {
      cpuMillis: readNumber(fields.cpuMillis, `${where}.cpuMillis`),
      memoryBytes: readNumber(fields.memoryBytes, `${where}.memoryBytes`),
    },
  };
}

function readOffers(value: unknown, where: string): readonly MockOffer[] {
  const offers = readList(value, where, readOffer);
  const ids = new Set(offers.map(({ offer }) => offer.id));
  if (offers.length === 0 || ids.size < offers.length)
    throw wrong(where, 'one or more offers, each with an id of its own', value);
  return offers;
}

function readOffer(value: unknown, where: string): MockOffer {
  const fields = readObject(value, where, ['id', 'market', 'zone', 'sizes', 'rates', 'stock', 'reclaims']);
  const zone = optional(fields, 'zone', where, undefined, readText);
  const rates = optional(fields, 'rates', where, undefined, readRates);
  const reclaims = optional(fields, 'reclaims', where, undefined, readReclaims);
  return {
    offer: {
      id: readText(fields.id, `${where}.id`),
      market: readOneOf(fields.market, `${where}.market`, ['on-demand', 'spot']),
      sizes: readList(fields.sizes, `${where}.sizes`, readSize),
      ...(zone === undefined ? {} : { zone }),
      ...(rates === undefined ? {} : { rates }),
    },
    stock: optional(fields, 'stock', where, [], (stock, at) =>
      readList(stock, at, (entry, place) => {
        const { atMs, state } = readObject(entry, place, ['atMs', 'state']);
        return {
          atMs: readNumber(atMs, `${place}.atMs`),
          state: readOneOf(state, `${place}.state`, stockStates),
        };
      }),
    ),
    ...(reclaims === undefined ? {} : { reclaims }),
  };
}

function readSize(value: unknown, where: string): InstanceSize {
  const fields = readObject(value, where, ['name', 'cpuMillis', 'memoryBytes', 'pricePerSecond']);
  const price = optional(fields, 'pricePerSecond', where, undefined, readNumber);
  return {
    name: readText(fields.name, `${where}.name`),
    cpuMillis: readNumber(fields.cpuMillis, `${where}.cpuMillis`),
    memoryBytes: readNumber(fields.memoryBytes, `${where}.memoryBytes`),
    ...(price === undefined ? {} : { pricePerSecond: price }),
  };
}

function readRates(value: unknown, where: string): NonNullable<Offer['rates']> {
  const fields = readObject(value, where, ['currency', 'perCpuSecond', 'perGibSecond', 'minimumSeconds']);
  return {
    currency: readText(fields.currency, `${where}.currency`),
    perCpuSecond: readNumber(fields.perCpuSecond, `${where}.perCpuSecond`),
    perGibSecond: readNumber(fields.perGibSecond, `${where}.perGibSecond`),
    minimumSeconds: optional(fields, 'minimumSeconds', where, 1, readInteger),
    asOf: '2026-01-01',
    source: 'the options of the mock',
  };
}

function readReclaims(value: unknown, where: string): NonNullable<MockOffer['reclaims']> {
  const fields = readObject(value, where, ['chance', 'afterMs', 'noticeMs']);
  return {
    chance: readNumber(fields.chance, `${where}.chance`, 0, 1),
    afterMs: readLatency(fields.afterMs, `${where}.afterMs`),
    noticeMs: optional(fields, 'noticeMs', where, 0, readNumber),
  };
}
