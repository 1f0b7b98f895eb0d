import { afterEach, beforeEach, expect, it } from 'vitest';
import { kinds } from '../core/kinds.ts';
import { jobSpec, TestCluster, workload } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster({ lingering: true });
  cluster.create(kinds.namespaces, { metadata: { name: 'shop' } });
  await cluster.settle();
});
afterEach(() => cluster.stop());

it('gives a namespace its service account and the root CA, and again when they are deleted', async () => {
  expect(cluster.get(kinds.serviceAccounts, 'default', 'shop').metadata.name).toBe('default');
  cluster.store.delete(kinds.configMaps, 'shop', 'kube-root-ca.crt');
  await cluster.settle();
  expect(cluster.get(kinds.configMaps, 'kube-root-ca.crt', 'shop').data).toEqual({ 'ca.crt': 'PEM' });
});

it('empties a namespace that is deleted, and lets it go when the last Pod is gone', async () => {
  const inShop = (name: string) => ({ name, namespace: 'shop' });
  cluster.create(kinds.deployments, { metadata: inShop('web'), spec: workload(2) });
  cluster.create(kinds.jobs, { metadata: inShop('sum'), spec: jobSpec() });
  cluster.create(kinds.services, {
    metadata: inShop('web'),
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await cluster.seconds(1);
  expect(cluster.pods('shop')).toHaveLength(3);
  cluster.remove(kinds.namespaces, 'shop');
  await cluster.settle();
  expect(cluster.get(kinds.namespaces, 'shop').status?.phase).toBe('Terminating');
  expect(cluster.store.list(kinds.deployments, 'shop')).toEqual([]);
  expect(cluster.pods('shop')).toHaveLength(3);
  for (const pod of cluster.pods('shop')) cluster.finish(pod);
  await cluster.settle();
  expect(cluster.store.get(kinds.namespaces, undefined, 'shop')).toBeUndefined();
  for (const kind of [
    kinds.events,
    kinds.serviceAccounts,
    kinds.configMaps,
    kinds.endpoints,
    kinds.endpointSlices,
  ])
    expect(cluster.store.list(kind, 'shop')).toEqual([]);
});
