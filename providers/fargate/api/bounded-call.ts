import type { CallPriority, RateBudget } from '../../contract/index.ts';
import { classify, type Place } from './errors.ts';

/** No single call takes longer. */
const callTimeoutMs = 20_000;

export type BoundedCall = <T>(
  name: string,
  budget: RateBudget,
  priority: CallPriority | undefined,
  signal: AbortSignal,
  send: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Calls of AWS: each within its budget, with a bound on its time, and errors that say what to do. */
export function boundedCalls(place: Place): BoundedCall {
  return async (name, budget, priority, signal, send) => {
    await budget.take(signal, priority);
    try {
      return await send(AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]));
    } catch (error) {
      throw classify(error, name, place);
    }
  };
}
