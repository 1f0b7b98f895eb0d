import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'vitest';
import { seededRandom } from '../../providers/mock/index.ts';
import { readMoney } from '../../src/capacity/cost.ts';
import type { Pod } from '../../src/kube/types.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { CloudKind } from '../crash/clouds/cloud.ts';
import { eci } from '../crash/clouds/eci.ts';
import { fargate } from '../crash/clouds/fargate.ts';
import { fastClock } from '../crash/clouds/fast-clock.ts';
import { emptyCluster, plainController } from '../crash/plain-node.ts';
import { StoreClient } from '../crash/store-client.ts';
import { eventually } from '../support/eventually.ts';

const scope = { clusterUid: 'cost-cluster', node: 'burst-0' };
const count = 24;
/** With whether the node knows the prices beforehand: those of a spot market it learns as it goes. */
const kinds: readonly (readonly [name: string, kind: CloudKind, knowsPrices: boolean])[] = [
  ['eci', eci, false],
  ['fargate', fargate, true],
];

/** Times as fast as real time. */
const faster = 20;

describe.concurrent.each(kinds)('what instances of %s cost', (_, kind, knowsPrices) => {
  test('is what their cloud bills, to the second, however they end', async ({ expect }) => {
    const clock = fastClock(faster);
    const random = seededRandom(5);
    const stateDir = await mkdtemp(path.join(os.tmpdir(), 'burstlet-cost-'));
    const cloud = await kind(clock, random);
    const server = emptyCluster(clock, random);
    const { store } = server;
    const { endpoint } = cloud;
    const provider = await cloud.connect({ endpoint, clock, random, log: silentLog, stateDir });
    const ending = new AbortController();
    const client = new StoreClient(server, () => undefined);
    const run = plainController({ clock, random, client, provider, scope }).run(ending.signal);
    try {
      for (let index = 0; index < count; index++) store.create('pods', podOf(index));
      const podsNow = (): Pod[] => store.list('pods', 'default').map((each) => each as unknown as Pod);
      const begun = new Set<string>();
      await eventually(async () => {
        for (const { id, podUid } of cloud.lives()) {
          const pod = podsNow().find(({ metadata }) => metadata?.uid === podUid);
          if (pod?.status?.phase !== 'Running' || begun.has(id)) continue;
          begun.add(id);
          const end =
            begun.size % 3 === 0 ? () => cloud.interrupt(id, 5_000) : () => cloud.exit(id, begun.size % 2);
          clock.schedule(random() * 90_000, end);
        }
        return podsNow().every(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
      }, 40);
      const bills = new Map(cloud.bills().map((bill) => [bill.podUid, bill]));
      expect(bills.size).toBe(count);
      for (const { metadata } of podsNow()) {
        const bill = bills.get(metadata?.uid ?? '');
        const price =
          readMoney(metadata?.annotations?.['burstlet.dev/price-per-second'])?.amount ?? Number.NaN;
        const cost = readMoney(metadata?.annotations?.['burstlet.dev/cost'])?.amount ?? Number.NaN;
        expect([metadata?.name, Math.round(cost / price)]).toEqual([metadata?.name, bill?.seconds]);
        if (knowsPrices) expect(cost).toBeCloseTo(bill?.amount ?? Number.NaN, 5);
      }
    } finally {
      ending.abort();
      await run;
      await provider.close?.();
      await cloud.close();
      await rm(stateDir, { recursive: true, force: true });
    }
  }, 60_000);
});

function podOf(index: number) {
  return {
    metadata: { name: `pod-${index}`, namespace: 'default' },
    spec: {
      ...{ nodeName: scope.node, automountServiceAccountToken: false, restartPolicy: 'Never' },
      containers: [{ name: 'main', image: 'registry.example/app:1' }],
    },
  };
}
