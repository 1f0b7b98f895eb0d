import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { configMaps, namespaces, nodes, pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { applyRbac } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/** The daemon as `system:node:NAME`, held by the Node authorizer and NodeRestriction. */
let world: World;
let daemon: Daemon;
let namespace: string;

beforeAll(async () => {
  world = await openWorld();
  await applyRbac(world.client, 'docs/examples/node-identity.yaml');
  namespace = await world.namespace('identity');
  daemon = await world.node({
    ...{ node: 'burst-0', provider: 'mock', scheduler: false },
    kubeconfig: inject('controlPlane').nodeKubeconfig,
  });
});
afterAll(async () => {
  await world.client.delete(namespaces, { name: namespace });
  await world.close();
});

it('registers, with its taint and its labels', async () => {
  const { metadata, spec } = await world.client.get(nodes, { name: 'burst-0' });
  expect(metadata?.labels).toMatchObject({ type: 'virtual-kubelet', 'kubernetes.io/hostname': 'burst-0' });
  expect(spec?.taints).toContainEqual(expect.objectContaining({ key: 'virtual-kubelet.io/provider' }));
});

it('runs a Pod that refers to objects, shows its log and lets it go', async () => {
  const { client } = world;
  const [container] = podOf(namespace, '').spec?.containers ?? [];
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }];
  const spec = {
    automountServiceAccountToken: true,
    ...(container && { containers: [{ ...container, env }] }),
  };
  await client.create(pods, podOf(namespace, 'refers', { spec }));
  await eventually(
    async () =>
      (await world.find(pods, namespace, 'refers'))?.status?.containerStatuses?.[0]?.state?.waiting
        ?.reason === 'CreateContainerConfigError',
    30,
  );
  await client.create(configMaps, { metadata: { namespace, name: 'settings' }, data: { a: '1' } });
  await world.reaches(namespace, 'refers', 'Running');
  expect(await world.raw(`/api/v1/namespaces/${namespace}/pods/refers/log`)).toContain('started');
  await client.delete(pods, { namespace, name: 'refers' });
  await eventually(async () => (await world.find(pods, namespace, 'refers')) === undefined, 30);
  expect(await daemon.metric('burstlet_instances')).toBe(0);
});
