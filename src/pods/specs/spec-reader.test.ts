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

interface Node {
  readonly clusterDns?: readonly string[];
  readonly retry?: (uid: string) => void;
}

/** On a node whose configuration names these name servers. */
async function withReader<T>(
  { clusterDns = [], retry = () => undefined }: Node,
  work: (reader: SpecReader, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const reader = new SpecReader({
    ...{ clock: new FakeClock(), random: () => 0, log: silentLog, client: api.client },
    hostIp: () => '192.0.2.1',
    capacity: () => ({ instances: 1, resources: {} }),
    dns: { clusterDns, clusterDomain: 'cluster.local', host },
    expectsDns: true,
    events: () => undefined,
    retry,
  });
  const running = reader.run(ending.signal);
  try {
    return await work(reader, ending.signal);
  } finally {
    ending.abort();
    await running;
  }
}

/** The name servers that the Pod gets. */
function serversOf(clusterDns: readonly string[]): Promise<readonly string[]> {
  return withReader({ clusterDns }, async (reader, signal) => {
    const resolution = await reader.resolve(pod, owner, signal);
    if (resolution.kind !== 'spec') throw new Error(resolution.verdict.message);
    return resolution.spec.dns.nameservers;
  });
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

it('says which container lacks something', async () => {
  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }];
  const lacking: Pod = { ...pod, spec: { containers: [{ name: 'main', image: 'x', env }] } };
  await withReader({}, async (reader, signal) => {
    expect(await reader.resolve(lacking, owner, signal)).toEqual({
      kind: 'waiting',
      verdict: {
        ...{ reason: 'CreateContainerConfigError', message: 'secret "none" not found', container: 'main' },
      },
    });
  });
});

it('of an ephemeral container only its own objects are read, and what it lacks is waited for', async () => {
  const from = (name: string) => [{ configMapRef: { name } }];
  const debugged: Pod = {
    ...pod,
    spec: {
      containers: [{ name: 'main', image: 'x', envFrom: from('of-the-pod') }],
      ephemeralContainers: [
        { name: 'ready', image: 'x' },
        { name: 'lacking', image: 'x', envFrom: from('late') },
        { name: 'wrong', image: 'x', volumeMounts: [{ name: 'none', mountPath: '/x' }] },
        { name: 'other', image: 'x', envFrom: from('never') },
      ],
    },
  };
  const retried = Promise.withResolvers<string>();
  await withReader({ retry: retried.resolve }, async (reader, signal) => {
    const found = await reader.ephemeral(debugged, ['ready', 'lacking', 'wrong'], owner, signal);
    expect(Object.fromEntries(found)).toMatchObject({
      ready: { kind: 'container', spec: { name: 'ready' } },
      lacking: {
        kind: 'waiting',
        verdict: { reason: 'CreateContainerConfigError', message: 'configmap "late" not found' },
      },
      wrong: {
        kind: 'invalid',
        verdict: {
          reason: 'InvalidPodSpec',
          message: 'spec.ephemeralContainers[2].volumeMounts[0].name: there is no volume "none"',
        },
      },
    });
    api.cluster.store.create('configmaps', {
      metadata: { name: 'late', namespace: 'default' },
      data: { A: '1' },
    });
    expect(await retried.promise).toBe('uid-1');
    const [after] = (await reader.ephemeral(debugged, ['lacking'], owner, signal)).values();
    expect(after).toMatchObject({
      kind: 'container',
      spec: { env: expect.arrayContaining([{ name: 'A', value: '1', secret: false }]) },
    });
  });
});
