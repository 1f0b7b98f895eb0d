import type { InstanceProvider, ProviderContext } from '../contract/index.ts';
import { MockCloud } from './cloud.ts';
import { readMockOptions } from './options.ts';
import { MockProvider } from './provider.ts';

export type { CallHook, MockCall, MockCallKind } from './call.ts';
export type { MockCloudDeps } from './cloud.ts';
export { MockCloud } from './cloud.ts';
export type { EventFault, Fault, FaultRates, FaultSource } from './faults.ts';
export { FaultPlan } from './faults.ts';
export type { Doubling, Ledger, LedgerEntry } from './ledger.ts';
export type { Bill, MockOffer, StockState } from './market.ts';
export { MockProvider } from './provider.ts';
export type { Latency } from './random.ts';
export { seededRandom } from './random.ts';
export type { MockProgram, MockScript } from './script.ts';
export { defaultProgram, defaultScript, scriptAnnotation } from './script.ts';

/** The mock with a cloud of its own, which ends with the process. */
export function createProvider(context: Pick<ProviderContext, 'options'>): InstanceProvider {
  return new MockProvider({ cloud: new MockCloud(readMockOptions(context.options)) });
}
