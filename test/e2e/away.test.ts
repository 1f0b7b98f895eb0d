import { afterAll, beforeAll, expect, it } from 'vitest';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/** The daemon hangs until kube-controller-manager gives its node up, which takes 50 s, and comes back. */
let world: World;
let daemon: Daemon;
let namespace: string;

beforeAll(async () => {
  world = await openWorld();
  await applyRbac(world.client);
  const kubeconfig = await accountKubeconfig(world.client, world.cluster);
  daemon = await world.node({ node: 'away', provider: 'mock', kubeconfig });
  namespace = await world.namespace('away');
});
afterAll(async () => {
  daemon.signal('SIGCONT');
  await world.client.delete(namespaces, { name: namespace });
  await eventually(async () => (await daemon.metric('burstlet_instances')) === 0, 60);
  await world.close();
});

const ready = async () => {
  const { status, spec } = await world.client.get(nodes, { name: 'away' });
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  const taints = (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
  return { status: condition?.status, unreachable: taints.filter((taint) => taint.includes('unreachable')) };
};
const isPodReady = async () =>
  (await world.find(pods, namespace, 'stays'))?.status?.conditions?.find(({ type }) => type === 'Ready')
    ?.status;

it('its node becomes unreachable and its Pods unready; when it is back all of that is put right', async () => {
  await world.client.create(pods, podOf(namespace, 'stays'));
  const before = await world.reaches(namespace, 'stays', 'Running');
  daemon.signal('SIGSTOP');
  await eventually(async () => (await ready()).status === 'Unknown', 90);
  await eventually(async () => (await ready()).unreachable.length > 0, 30);
  await eventually(async () => (await isPodReady()) === 'False', 30);
  daemon.signal('SIGCONT');
  await eventually(async () => (await ready()).status === 'True', 30);
  await eventually(async () => (await ready()).unreachable.length === 0, 30);
  await eventually(async () => (await isPodReady()) === 'True', 30);
  const after = await world.find(pods, namespace, 'stays');
  expect(after?.status?.containerStatuses).toEqual(before.status?.containerStatuses);
}, 180_000);
