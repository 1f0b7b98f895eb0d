import type { FakeEcsOptions } from '../../../test/fakes/ecs/index.ts';
import { type ProviderClock, wallClock } from '../../contract/index.ts';

const times = 10;

/** Time of the adapter that runs ten times as fast as that of the fake. Its budgets run with it. */
export function quickClock(): ProviderClock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * times,
    schedule: (ms, callback) => wallClock.schedule(ms / times, callback),
  };
}

/** A fake that keeps up with such an adapter. */
export const quickFake: FakeEcsOptions = {
  stages: { provisioning: 20, pulling: 20, activating: 10, deactivating: 10, deprovisioning: 20 },
  rates: 'unlimited',
};
