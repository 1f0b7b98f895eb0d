import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createDevCluster } from '../devcluster/dev-cluster.ts';
import { systemClock as clock } from '../telemetry/clock.ts';
import { silentLog as log } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { loadClusterAccess } from './cluster-access.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { createEventRecorder } from './events.ts';
import { createInformer } from './informer.ts';
import { events, pods } from './resources.ts';
import { createKubeClient } from './rest-client.ts';
import { until } from './testing/loopback.ts';
import type { Pod } from './types.ts';

function podOf(name: string): Pod {
  return {
    metadata: { namespace: 'default', name },
    spec: { nodeName: 'burst-0', containers: [{ name: 'main', image: 'none' }] },
  };
}

async function outcome(client: KubeClient, name: string): Promise<unknown> {
  return await client.create(pods, podOf(name)).catch((error: unknown) => error);
}

it('works with the embedded API server, from its kubeconfig to events', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-kube-'));
  const cluster = await createDevCluster({ controllers: false });
  const stop = new AbortController();
  try {
    await cluster.start();
    const kubeconfig = path.join(folder, 'config');
    await cluster.writeKubeconfig(kubeconfig);
    const access = await loadClusterAccess({ kubeconfig }, { clock, log, env: {}, home: folder });
    const client = createKubeClient({ ...access, clock, log, random: Math.random });
    const selection = { fieldSelector: 'spec.nodeName=burst-0' };
    const informer = createInformer({ client, resource: pods, selection, clock, log, random: Math.random });
    const told: string[] = [];
    informer.onEvent(({ type, object }) => told.push(`${type} ${object.metadata?.name}`));
    await client.create(pods, podOf('web-0'));
    const ended = informer.run(stop.signal);
    await informer.synced;

    const made = await client.create(pods, podOf('web-1'));
    expect(await outcome(client, 'web-1')).toSatisfy(isAlreadyExists);
    const key = { namespace: 'default', name: 'web-1' };
    const right = { metadata: { uid: made.metadata?.uid }, status: { phase: 'Running' } };
    await client.patch(pods, key, right, { subresource: 'status' });
    const wrong = { metadata: { uid: 'another' }, status: { phase: 'Failed' } };
    const refused = await client
      .patch(pods, key, wrong, { subresource: 'status' })
      .catch((error: unknown) => error);
    expect(refused).toSatisfy(isConflict);
    await client.delete(pods, key, { gracePeriodSeconds: 0, uid: made.metadata?.uid ?? '' });
    expect(await client.get(pods, key).catch((error: unknown) => error)).toSatisfy(isNotFound);
    await until(() => told.includes('deleted web-1'));
    // A deletion without grace is written twice: marked, then gone.
    expect(told).toEqual(['added web-0', 'added web-1', 'updated web-1', 'updated web-1', 'deleted web-1']);
    expect(informer.cache.list().map(({ metadata }) => metadata?.name)).toEqual(['web-0']);

    const recorder = createEventRecorder({ client, clock, log, component: 'burstlet', host: 'burst-0' });
    const object = { apiVersion: 'v1', kind: 'Pod', ...key, uid: made.metadata?.uid ?? '' };
    for (let n = 0; n < 3; n++) {
      recorder.event({ object, type: 'Warning', reason: 'Refused', message: 'no' });
      await recorder.flush(stop.signal);
    }
    const { items } = await client.list(events, { namespace: 'default' });
    expect(items.filter(({ reason }) => reason === 'Refused')).toMatchObject([{ count: 3, message: 'no' }]);

    stop.abort();
    await ended;
    await client.close();
  } finally {
    stop.abort();
    await cluster.stop();
    await rm(folder, { recursive: true });
  }
});
