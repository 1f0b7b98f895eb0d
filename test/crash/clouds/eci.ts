import { createSdkApi } from '../../../providers/eci/api/sdk-api.ts';
import { readEciOptions } from '../../../providers/eci/options.ts';
import { EciProvider } from '../../../providers/eci/provider.ts';
import { startFakeEci } from '../../fakes/eci/index.ts';
import { eciOptions } from '../../fakes/eci/provider-options.ts';
import type { CloudKind } from './cloud.ts';

export const eci: CloudKind = async (clock) => {
  const fake = await startFakeEci({ clock });
  const { cloud } = fake;
  const options = { ...eciOptions(fake), spot: { strategy: 'SpotAsPriceGo', fallBack: true } };
  return {
    endpoint: fake.endpoint,
    async connect({ endpoint, random, log }) {
      const read = readEciOptions({ ...options, endpoint }, {});
      return new EciProvider({ api: createSdkApi(read, clock), options: read, log, clock, random });
    },
    lives: () =>
      cloud.instances().map((group) => ({
        id: group.id,
        podUid: group.spec.tags.get('burstlet.dev/uid') ?? '',
        from: group.createdAt,
        to: group.endedAt ?? group.goneAt,
        market: group.spec.spot.strategy === 'NoSpot' ? 'on-demand' : 'spot',
      })),
    bills() {
      const groups = new Map(cloud.instances().map((group) => [group.id, group]));
      return cloud.bill().flatMap(({ id, endedAt, seconds, amount }) => {
        const podUid = groups.get(id)?.spec.tags.get('burstlet.dev/uid') ?? '';
        return endedAt === undefined ? [] : [{ podUid, seconds, amount }];
      });
    },
    strays: () => [],
    exit: (id, code) => quietly(() => cloud.exit(id, 'main', code)),
    interrupt: (id, noticeMs) => quietly(() => cloud.interrupt(id, noticeMs)),
    stocked(full) {
      if (full) cloud.stock.refill();
      else cloud.stock.set({ market: 'spot' }, 0);
    },
    close: () => fake.close(),
  };
};

/** What befalls an instance that is not there any more befalls nobody. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // It has ended meanwhile.
  }
}
