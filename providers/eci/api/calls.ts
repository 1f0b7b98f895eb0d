import type { CallPriority, ProviderClock } from '../../contract/index.ts';
import { delay, ProviderError, providerErrorKind } from '../../contract/index.ts';
import type { Action, EciAnswer, EciApi, EciRequest, FurtherParameters } from './eci-api.ts';
import type { Lanes } from './lanes.ts';

const timeoutMs: Partial<Record<Action, number>> = { createContainerGroup: 30_000 };
const usualTimeoutMs = 15_000;

const attempts = 3;
const firstRestMs = 250;

export interface CallsDeps {
  readonly api: EciApi;
  readonly lanes: Lanes;
  readonly region: string;
  readonly clock: ProviderClock;
  readonly random: () => number;
}

export interface CallWishes {
  readonly urgency: CallPriority;
  readonly further?: FurtherParameters;
}

/** What is asked of the API, the region aside, which every call has. */
export type Asked<A extends Action> = Omit<EciRequest<A>, 'regionId'>;

/**
 * The API with its limits: every call waits for its lane, and what can be repeated without harm is, a few times, when
 * its outcome is unknown. Creating is not among them: who repeats that must do so with the same token.
 */
export class Calls {
  readonly #deps: CallsDeps;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  async call<A extends Action>(
    action: A,
    asked: Asked<A>,
    { urgency, further = {} }: CallWishes,
    signal: AbortSignal,
  ): Promise<EciAnswer<A>> {
    const { api, lanes, clock, random, region } = this.#deps;
    const request = { ...asked, regionId: region } as EciRequest<A>;
    const options = { further, timeoutMs: timeoutMs[action] ?? usualTimeoutMs };
    const work = (): Promise<EciAnswer<A>> => api.call(action, request, options, signal);
    for (let attempt = 1; ; attempt++) {
      try {
        return await lanes.of(action).run(urgency, work, isThrottled, signal);
      } catch (error) {
        if (signal.aborted)
          throw new ProviderError('Retryable', `${action}: given up by the caller`, { cause: signal.reason });
        if (!isRepeatable(action, error) || attempt === attempts) throw error;
        const stepMs = firstRestMs * 2 ** (attempt - 1);
        await delay(clock, stepMs / 2 + (random() * stepMs) / 2, signal);
      }
    }
  }
}

function isThrottled(error: unknown): boolean {
  return providerErrorKind(error) === 'Throttled';
}

function isRepeatable(action: Action, error: unknown): boolean {
  if (action === 'createContainerGroup' || action === 'execContainerCommand') return isThrottled(error);
  return isThrottled(error) || providerErrorKind(error) === 'Retryable';
}
