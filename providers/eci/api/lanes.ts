import type { ProviderClock } from '../../contract/index.ts';
import type { Action } from './eci-api.ts';
import { Lane } from './lane.ts';

/**
 * Calls per minute of each action (product-overview/limits, 2024-10-18); those that the vendor does not list have the
 * number of their nearest relative. One in twenty is left for what others do with the account.
 */
const perMinute: Readonly<Record<Action, number>> = {
  createContainerGroup: 1000,
  deleteContainerGroup: 1000,
  describeContainerGroups: 2000,
  describeContainerGroupStatus: 2000,
  describeContainerLog: 500,
  describeContainerGroupPrice: 1000,
  describeMultiContainerGroupMetric: 500,
  execContainerCommand: 500,
  listUsage: 500,
};
const ownShare = 0.95;
const atOnce = 64;

/** The limits of one account: every node that uses it shares them. */
export class Lanes {
  readonly #clock: ProviderClock;
  readonly #lanes = new Map<Action, Lane>();

  constructor(clock: ProviderClock) {
    this.#clock = clock;
  }

  of(action: Action): Lane {
    const known = this.#lanes.get(action);
    if (known !== undefined) return known;
    const lane = new Lane({
      perMinute: Math.floor(perMinute[action] * ownShare),
      atOnce,
      clock: this.#clock,
    });
    this.#lanes.set(action, lane);
    return lane;
  }
}

/** Those that other nodes of the process use with the same keys, else new ones. */
export function sharedLanes(
  shared: Map<string, unknown> | undefined,
  account: string,
  clock: ProviderClock,
): Lanes {
  const name = `eci/lanes/${account}`;
  const known = shared?.get(name);
  if (known instanceof Lanes) return known;
  const lanes = new Lanes(clock);
  shared?.set(name, lanes);
  return lanes;
}
