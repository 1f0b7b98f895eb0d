import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/test-api.ts';
import type { Pod } from '../../kube/types.ts';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { SpecReader } from './spec-reader.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const host = { nameservers: ['192.0.2.53'], searches: ['example.com'], options: [] };
const owner = {
  ...{ clusterUid: 'c', node: 'n', namespace: 'default', name: 'web' },
  ...{ podUid: 'uid-1', attempt: 0 },
};
const pod: Pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'uid-1' },
  spec: {
    dnsPolicy: 'ClusterFirst',
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'example.com/app:1' }],
  },
};

/** The name servers that the Pod gets on a node whose configuration names these. */
async function serversOf(clusterDns: readonly string[]): Promise<readonly string[]> {
  const ending = new AbortController();
  const reader = new SpecReader({
    ...{ clock: new FakeClock(), random: () => 0, log: silentLog, client: api.client },
    hostIp: () => '192.0.2.1',
    capacity: () => ({ instances: 1, resources: {} }),
    dns: { clusterDns, clusterDomain: 'cluster.local', host },
    expectsDns: true,
    events: () => undefined,
    retry: () => undefined,
  });
  const running = reader.run(ending.signal);
  try {
    const resolution = await reader.resolve(pod, owner, ending.signal);
    if (resolution.kind !== 'spec') throw new Error(resolution.verdict.message);
    return resolution.spec.dns.nameservers;
  } finally {
    ending.abort();
    await running;
  }
}

it('the DNS of the cluster is what the configuration names, else its Service, else that of the host', async () => {
  expect(await serversOf([])).toEqual(['192.0.2.53']);
  api.cluster.store.create('services', {
    metadata: { name: 'kube-dns', namespace: 'kube-system' },
    spec: { clusterIP: '10.96.0.10', ports: [{ port: 53 }] },
  });
  expect(await serversOf([])).toEqual(['10.96.0.10']);
  expect(await serversOf(['10.7.7.7'])).toEqual(['10.7.7.7']);
});
