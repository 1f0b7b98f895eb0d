import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnyKind, type AnyObject, type ConfigMap, kinds } from '../core/kinds.ts';
import { isDeleting } from '../core/objects.ts';
import { TestCluster, workload } from '../test-cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster({ lingering: true });
  await cluster.settle();
});
afterEach(() => cluster.stop());

function reference({ apiVersion, kind, metadata: { name, uid } }: AnyObject, blockOwnerDeletion = false) {
  return { apiVersion, kind, name, uid, blockOwnerDeletion };
}

function configMap(name: string, ...owners: object[]): ConfigMap {
  return cluster.create(kinds.configMaps, { metadata: { name, ownerReferences: owners } });
}

function names(): string[] {
  const own = ({ metadata }: AnyObject): boolean => metadata.name !== 'kube-root-ca.crt';
  return cluster.store
    .list(kinds.configMaps, 'default')
    .filter(own)
    .map(({ metadata }) => metadata.name);
}

it('deletes what lost its last owner, down the whole chain', async () => {
  const top = configMap('top');
  const middle = configMap('middle', reference(top));
  configMap('leaf', reference(middle));
  configMap('bystander');
  await cluster.settle();
  expect(names()).toHaveLength(4);
  cluster.remove(kinds.configMaps, 'top', { propagationPolicy: 'Background' });
  await cluster.settle();
  expect(names()).toEqual(['bystander']);
});

it('keeps what has another owner, and takes the lost one off its list', async () => {
  const one = configMap('one');
  const other = configMap('other');
  configMap('shared', reference(one), reference(other));
  cluster.remove(kinds.configMaps, 'one');
  await cluster.settle();
  expect(cluster.get(kinds.configMaps, 'shared').metadata.ownerReferences).toEqual([reference(other)]);
});

it('deletes what names an owner that is gone, was another, or is in another namespace', async () => {
  const gone = configMap('gone');
  cluster.remove(kinds.configMaps, 'gone');
  configMap('late', reference(gone));
  configMap('gone');
  const account = cluster.get(kinds.serviceAccounts, 'default', 'kube-node-lease');
  configMap('abroad', reference(account));
  await cluster.settle();
  expect(names()).toEqual(['gone']);
});

it('does not touch what is owned by a kind that is not served here', async () => {
  configMap('custom', { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'u' });
  await cluster.settle();
  expect(names()).toEqual(['custom']);
});

it('accepts a cluster-scoped owner', async () => {
  const node = cluster.get(kinds.nodes, 'node-a');
  configMap('of-node', reference(node));
  await cluster.settle();
  expect(names()).toEqual(['of-node']);
  cluster.remove(kinds.nodes, 'node-a');
  await cluster.settle();
  expect(names()).toEqual([]);
});

describe('a Deployment', () => {
  beforeEach(async () => {
    cluster.create(kinds.deployments, { metadata: { name: 'web' }, spec: workload(2) });
    await cluster.settle();
  });
  const count = () =>
    [kinds.deployments, kinds.replicaSets, kinds.pods].map(
      (kind: AnyKind) => cluster.store.list(kind, 'default').length,
    );

  it('in the background goes first, its Pods end gracefully', async () => {
    cluster.remove(kinds.deployments, 'web', { propagationPolicy: 'Background' });
    await cluster.settle();
    expect(count()).toEqual([0, 0, 2]);
    expect(cluster.pods().every(isDeleting)).toBe(true);
  });

  it('in the foreground goes last', async () => {
    cluster.remove(kinds.deployments, 'web', { propagationPolicy: 'Foreground' });
    await cluster.settle();
    expect(count()).toEqual([1, 1, 2]);
    expect(cluster.pods().every(isDeleting)).toBe(true);
    for (const pod of cluster.pods()) cluster.finish(pod);
    await cluster.settle();
    expect(count()).toEqual([0, 0, 0]);
  });

  it('with orphan leaves its ReplicaSet and Pods as they are', async () => {
    cluster.remove(kinds.deployments, 'web', { propagationPolicy: 'Orphan' });
    await cluster.settle();
    expect(count()).toEqual([0, 1, 2]);
    expect(cluster.store.list(kinds.replicaSets, 'default')[0]?.metadata.ownerReferences ?? []).toEqual([]);
    expect(cluster.pods().some(isDeleting)).toBe(false);
  });
});
