import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configMaps, events, leases, nodes, pods, type Resource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { deregister } from '../../src/node/deregister.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { openStage, type RunningNode, type Stage } from '../support/stage.ts';
import { isReal } from '../support/test-cluster.ts';

let stage: Stage;
const started: RunningNode[] = [];

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
afterEach(async () => {
  const { admin: client } = stage;
  const inDefault = { namespace: 'default' };
  for (const { metadata } of (await client.list(pods, inDefault)).items)
    await stage.remove(metadata?.name ?? '', 0).catch(() => undefined);
  await eventually(() => stage.cloud.size === 0);
  await Promise.all(started.splice(0).map((node) => node.stop()));
  for (const name of ['a', 'b', 'burst-0']) {
    await client.delete(nodes, { name }).catch(() => undefined);
    await client.delete(leases, { namespace: 'kube-node-lease', name }).catch(() => undefined);
  }
  const kinds: Resource<KubeObject>[] = [events, configMaps];
  for (const resource of kinds)
    for (const { metadata } of (await client.list(resource, inDefault)).items)
      await client.delete(resource, { ...inDefault, name: metadata?.name ?? '' }).catch(() => undefined);
});

async function start(...how: Parameters<Stage['startNode']>): Promise<RunningNode> {
  const node = await stage.startNode(...how);
  started.push(node);
  await node.registered;
  return node;
}

const live = (uid: string): number =>
  stage.cloud.instances(uid).filter(({ phase }) => phase !== 'Stopped').length;
const waiting = async (name: string) =>
  (await stage.read(name))?.status?.containerStatuses?.[0]?.state?.waiting;
const isGone = async (name: string) => (await stage.read(name)) === undefined;

describe('a node', () => {
  it('shares its process with others, each with its own Pods and its own end', async () => {
    const [a, b] = await Promise.all([start({ name: 'a' }), start({ name: 'b' })]);
    const onA = await stage.pod('one', { node: 'a' });
    const onB = await stage.pod('two', { node: 'b' });
    await Promise.all(['one', 'two'].map((name) => stage.reaches(name, 'Running')));
    expect(stage.cloud.instances(onA)[0]?.owner.node).toBe('a');
    expect(a?.address.port).not.toBe(b?.address.port);
    await a?.stop();
    const later = await stage.pod('three', { node: 'a' });
    await stage.remove('two');
    await eventually(async () => (await isGone('two')) && live(onB) === 0);
    expect([live(onA), live(later)]).toEqual([1, 0]);
    await start({ name: 'a' });
    await stage.reaches('three', 'Running');
    expect(stage.calls(onA)).toEqual(['create']);
  });

  it('that ends leaves its instances running, and the next process takes them over', async () => {
    const first = await start();
    const uid = await stage.pod('stays');
    const { status } = await stage.reaches('stays', 'Running');
    await first.stop();
    expect(live(uid)).toBe(1);
    expect(await stage.find(nodes, 'burst-0')).toBeDefined();
    await start();
    await stage.pod('next');
    await stage.reaches('next', 'Running');
    expect((await stage.read('stays'))?.status?.containerStatuses).toEqual(status?.containerStatuses);
    await stage.remove('stays');
    await eventually(() => isGone('stays'));
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid).filter((call) => call === 'create')).toHaveLength(1);
  });

  it('is drained and gone for good when it is deregistered', async () => {
    const node = await start();
    const uid = await stage.pod('stays', {
      script: { containers: { main: { onTerm: { code: 0, afterMs: 200 } } } },
    });
    await stage.reaches('stays', 'Running');
    const { client } = stage.api;
    const { name: nodeName, letGo } = node;
    const signal = AbortSignal.timeout(10_000);
    await deregister({ clock, log, client, nodeName, letGo, timeoutMs: 10_000 }, signal);
    expect(await stage.read('stays')).toBeUndefined();
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid)).toEqual(['create', 'stop', 'delete']);
    await node.stop();
    expect(await stage.find(nodes, 'burst-0')).toBeUndefined();
    expect(await stage.find(leases, 'burst-0', 'kube-node-lease')).toBeUndefined();
  });

  it('renews its lease while the provider hangs', async () => {
    const hanging = new FakeClock(Date.now());
    await start({}, hanging);
    const renewed = async () => {
      const { spec } = (await stage.find(leases, 'burst-0', 'kube-node-lease')) ?? {};
      return Date.parse(String(spec?.renewTime)) === hanging.now();
    };
    await eventually(renewed);
    stage.cloud.front.onCall = () => new Promise(() => undefined);
    stage.cloud.streams.break();
    const stuck = await stage.pod('stuck');
    await eventually(() => stage.calls(stuck).includes('create'));
    for (let beat = 0; beat < 3; beat++) {
      await hanging.advance(10_000);
      await eventually(renewed);
    }
    expect(live(stuck)).toBe(0);
    await started[0]?.stop();
    stage.cloud.front.onCall = undefined;
  });

  it('is Ready while the provider fails: a condition and a taint say what is wrong, until it is well', async () => {
    await start();
    stage.faults.next('list', { kind: 'auth' });
    stage.cloud.streams.break();
    const look = async (type: string) => {
      const { status } = (await stage.find(nodes, 'burst-0')) ?? {};
      const found = status?.conditions?.find((one) => one.type === type);
      return `${found?.status} ${found?.reason}`;
    };
    await eventually(async () => (await look('ProviderAvailable')) === 'False Retryable');
    expect(await look('Ready')).toBe('True KubeletReady');
    await eventually(async () => (await look('ProviderAvailable')) === 'False AuthFailed');
    expect(await look('Ready')).toBe('True KubeletReady');
    await eventually(async () => (await look('ProviderAvailable')) === 'True ProviderAvailable');
    await eventually(async () => (await stage.find(nodes, 'burst-0'))?.spec?.taints?.length === 1);
  });
});

describe('a Pod', () => {
  it('whose ConfigMap is missing waits for it, and starts as soon as it is there', async () => {
    await start();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }];
    const uid = await stage.pod('needy', { container: { env } });
    await eventually(async () => (await waiting('needy'))?.reason === 'CreateContainerConfigError');
    expect((await waiting('needy'))?.message).toBe('configmap "settings" not found');
    expect(stage.calls(uid)).toEqual([]);
    const metadata = { name: 'settings', namespace: 'default' };
    await stage.admin.create(configMaps, { metadata, data: { b: '1' } });
    await eventually(async () =>
      (await stage.eventsOf('needy')).some((event) => event.includes("couldn't find key a")),
    );
    expect(stage.calls(uid)).toEqual([]);
    await stage.admin.patch(configMaps, metadata, { data: { a: '1' } }, { type: 'merge' });
    await stage.reaches('needy', 'Running');
    expect(stage.calls(uid)).toEqual(['create']);
  });

  it.each<[string, Parameters<Stage['pod']>[1], string, string]>([
    [
      'privileged',
      { container: { securityContext: { privileged: true } } },
      'PrivilegedNotSupported',
      'securityContext.privileged',
    ],
    [
      'hostPort',
      { container: { ports: [{ containerPort: 80, hostPort: 80 }] } },
      'HostPortNotSupported',
      'hostPort',
    ],
    ['hostNetwork', { spec: { hostNetwork: true } }, 'HostNetworkNotSupported', 'spec.hostNetwork'],
    [
      'hostPath',
      { spec: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } },
      'HostPathNotSupported',
      'spec.volumes[0].hostPath',
    ],
    [
      'of a DaemonSet',
      {
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true },
          ],
        },
      },
      'DaemonSetNotSupported',
      'metadata.ownerReferences[0]',
    ],
  ])('%s is refused: one Event, no call', async (what, wishes, reason, field) => {
    // A real garbage collector removes a Pod whose owner is not there.
    if (what === 'of a DaemonSet' && isReal()) return;
    await start();
    const uid = await stage.pod('asks', wishes);
    const { status } = await stage.reaches('asks', 'Failed');
    expect(status?.reason).toBe(reason);
    expect(status?.message).toContain(field);
    const ran = await stage.pod('runs');
    await stage.reaches('runs', 'Running');
    await eventually(async () => (await stage.eventsOf('asks')).length === 1);
    expect(await stage.eventsOf('asks')).toEqual([`${reason}: ${status?.message}`]);
    // Again, by the next process: what has been said stays said.
    await started[0]?.stop();
    await start();
    await stage.remove('runs');
    await eventually(() => live(ran) === 0);
    expect(await stage.eventsOf('asks')).toHaveLength(1);
    expect(stage.calls(uid)).toEqual([]);
    await stage.remove('asks');
    await eventually(() => isGone('asks'));
  });

  it('that is deleted while it is being created leaves nothing', async () => {
    await start();
    const held = Promise.withResolvers<void>();
    stage.cloud.front.onCall = ({ kind }, point) =>
      kind === 'create' && point === 'after' ? held.promise : undefined;
    const uid = await stage.pod('brief');
    await eventually(() => live(uid) === 1);
    await stage.remove('brief');
    expect((await stage.read('brief'))?.metadata?.deletionTimestamp).toBeDefined();
    held.resolve();
    stage.cloud.front.onCall = undefined;
    await eventually(() => isGone('brief'));
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid).filter((call) => call === 'create')).toHaveLength(1);
  });

  it('that is deleted by force while it runs takes its instance along', async () => {
    await start();
    const uid = await stage.pod('brief', { script: { containers: { main: { onTerm: 'ignore' } } } });
    await stage.reaches('brief', 'Running');
    await stage.remove('brief', 0);
    expect(await stage.read('brief')).toBeUndefined();
    await eventually(() => live(uid) === 0);
  });

  it('that comes again under the same name has its own instance', async () => {
    await start();
    const uids: string[] = [];
    for (let n = 0; n < 20; n++) {
      uids.push(await stage.pod('web-0'));
      if (n % 2 === 0) await stage.reaches('web-0', 'Running');
      await stage.remove('web-0', n % 3 === 0 ? 0 : 1);
      await eventually(() => isGone('web-0'));
    }
    await eventually(() => stage.cloud.size === 0);
    expect(stage.cloud.ledger.doublings).toEqual([]);
    expect(uids.every((uid) => stage.calls(uid).filter((call) => call === 'create').length <= 1)).toBe(true);
  });
});
