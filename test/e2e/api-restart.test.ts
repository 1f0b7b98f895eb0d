import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/control-plane.ts';
import { ConnectionError } from '../../src/kube/errors.ts';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/** A control plane of its own, whose API server goes away under load. */
let api: ControlPlane;
let folder: string;
let world: World;
let daemon: Daemon;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-'));
  api = await startControlPlane({
    assets: process.env.BURSTLET_E2E_ASSETS ?? '',
    // Else it waits a minute for watches to end by themselves.
    apiServerFlags: { 'shutdown-watch-termination-grace-period': '1s' },
  });
  const kubeconfig = path.join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  const { url, caPem, token } = api;
  world = await openWorld({ url, caPem, token, folder, kubeconfig });
  daemon = await world.node({ node: 'restart', provider: 'mock', kubeconfig });
  namespace = await world.namespace('restart');
});
afterAll(async () => {
  await world?.close();
  await api?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'Pods that come and go while it is ended by %s: nothing doubled, nothing left',
  async (signal) => {
    const names = Array.from({ length: 100 }, (_, index) => `p-${index}`);
    const creates = () => daemon.metric('burstlet_provider_calls_total', /call="create"/);
    const before = await creates();
    const createAll = async (): Promise<void> => {
      for (const name of names)
        await persist(() =>
          world.client.create(pods, podOf(namespace, name, { spec: { nodeName: 'restart' } })),
        );
    };
    const creating = createAll();
    await eventually(async () => (await creates()) > before + 10, 30);
    await api.restartApiServer(signal);
    await creating;
    await eventually(async () => {
      const { items } = await world.client.list(pods, { namespace });
      return items.filter(({ status }) => status?.phase === 'Running').length === names.length;
    }, 60);
    expect(await creates()).toBe(before + names.length);
    expect(await daemon.metric('burstlet_instances')).toBe(names.length);

    const deleting = Promise.all(
      names.map((name) => persist(() => world.client.delete(pods, { namespace, name }))),
    );
    await api.restartApiServer(signal);
    await deleting;
    await eventually(async () => (await world.client.list(pods, { namespace })).items.length === 0, 60);
    await eventually(async () => (await daemon.metric('burstlet_instances')) === 0, 30);
    expect(await creates()).toBe(before + names.length);
  },
);

/** Again after a lost connection; what was done already is no error. */
async function persist(call: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await call();
      return;
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === 409 || code === 404) return;
      const passing = error instanceof ConnectionError || (typeof code === 'number' && code >= 429);
      if (!passing || tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
