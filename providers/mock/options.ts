import type { Capacity } from '../contract/index.ts';
import type { MockCallKind } from './call.ts';
import { mockCallKinds } from './call.ts';
import type { MockCloudDeps } from './cloud.ts';
import { FaultPlan, readFaultRates } from './faults.ts';
import type { CallLatencies } from './front.ts';
import type { Latency } from './random.ts';
import { seededRandom } from './random.ts';
import { optional, readInteger, readNumber, readObject } from './read.ts';
import { defaultScript, readLatency, readScript } from './script.ts';

/**
 * Reads `provider.options` of the mock: `seed`, `script`, `latencies`, `faults`, `capacity` (all optional; see
 * docs/reference/mock-provider.md). Throws InvalidSpec that names the place.
 */
export function readMockOptions(options: unknown, where = 'provider.options'): MockCloudDeps {
  const fields = readObject(options, where, ['seed', 'script', 'latencies', 'faults', 'capacity']);
  const seed = optional(fields, 'seed', where, undefined, readInteger);
  const random = seed === undefined ? Math.random : seededRandom(seed);
  const rates = optional(fields, 'faults', where, undefined, readFaultRates);
  const capacity = optional(fields, 'capacity', where, undefined, readCapacity);
  return {
    random,
    script: optional(fields, 'script', where, defaultScript, (script, at) => readScript(script, at)),
    latencies: optional(fields, 'latencies', where, {}, readLatencies),
    history: false,
    ...(rates === undefined ? {} : { faults: new FaultPlan({ random, rates }) }),
    ...(capacity === undefined ? {} : { capacity }),
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
