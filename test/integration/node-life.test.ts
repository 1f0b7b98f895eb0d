import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deregister } from '../../src/node/deregister.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { FakeClock } from '../../src/telemetry/fake-clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { openStage, type RunningNode, type Stage } from '../support/stage.ts';

let stage: Stage;
const started: RunningNode[] = [];

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
afterEach(async () => {
  const { store } = stage.api.cluster;
  for (const { metadata } of store.list('pods')) stage.remove(metadata.name, 0);
  await eventually(() => stage.cloud.size === 0);
  await Promise.all(started.splice(0).map((node) => node.stop()));
  for (const resource of ['nodes', 'leases.coordination.k8s.io', 'events', 'configmaps'])
    for (const { metadata } of store.list(resource))
      store.delete(resource, metadata.namespace, metadata.name);
});

async function start(...how: Parameters<Stage['startNode']>): Promise<RunningNode> {
  const node = await stage.startNode(...how);
  started.push(node);
  await node.registered;
  return node;
}

const live = (uid: string): number =>
  stage.cloud.instances(uid).filter(({ phase }) => phase !== 'Stopped').length;
const nodeNames = () => stage.api.cluster.store.list('nodes').map(({ metadata }) => metadata.name);
const waiting = (name: string) => stage.read(name)?.status?.containerStatuses?.[0]?.state?.waiting;

describe('a node', () => {
  it('shares its process with others, each with its own Pods and its own end', async () => {
    const [a, b] = await Promise.all([start({ name: 'a' }), start({ name: 'b' })]);
    const onA = stage.pod('one', { node: 'a' });
    const onB = stage.pod('two', { node: 'b' });
    await Promise.all(['one', 'two'].map((name) => stage.reaches(name, 'Running')));
    expect(stage.cloud.instances(onA)[0]?.owner.node).toBe('a');
    expect(a?.address.port).not.toBe(b?.address.port);
    await a?.stop();
    const later = stage.pod('three', { node: 'a' });
    stage.remove('two');
    await eventually(() => stage.read('two') === undefined && live(onB) === 0);
    expect([live(onA), live(later)]).toEqual([1, 0]);
    await start({ name: 'a' });
    await stage.reaches('three', 'Running');
    expect(stage.calls(onA)).toEqual(['create']);
  });

  it('that ends leaves its instances running, and the next process takes them over', async () => {
    const first = await start();
    const uid = stage.pod('stays');
    const { status } = await stage.reaches('stays', 'Running');
    await first.stop();
    expect(live(uid)).toBe(1);
    expect(nodeNames()).toEqual(['burst-0']);
    await start();
    stage.pod('next');
    await stage.reaches('next', 'Running');
    expect(stage.read('stays')?.status?.containerStatuses).toEqual(status?.containerStatuses);
    stage.remove('stays');
    await eventually(() => stage.read('stays') === undefined);
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid).filter((call) => call === 'create')).toHaveLength(1);
  });

  it('is drained and gone for good when it is deregistered', async () => {
    const node = await start();
    const uid = stage.pod('stays', {
      script: { containers: { main: { onTerm: { code: 0, afterMs: 200 } } } },
    });
    await stage.reaches('stays', 'Running');
    const { client } = stage.api;
    const { name: nodeName, letGo } = node;
    const signal = AbortSignal.timeout(10_000);
    await deregister({ clock, log, client, nodeName, letGo, timeoutMs: 10_000 }, signal);
    expect(stage.read('stays')).toBeUndefined();
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid)).toEqual(['create', 'stop', 'delete']);
    await node.stop();
    expect(nodeNames()).toEqual([]);
    expect(stage.api.cluster.store.list('leases.coordination.k8s.io')).toEqual([]);
  });

  it('renews its lease while the provider hangs', async () => {
    const hanging = new FakeClock(Date.now());
    await start({}, hanging);
    const renewed = () => {
      const { spec } =
        stage.api.cluster.store.get('leases.coordination.k8s.io', 'kube-node-lease', 'burst-0') ?? {};
      return Date.parse(String(spec?.renewTime)) === hanging.now();
    };
    await eventually(renewed);
    stage.cloud.front.onCall = () => new Promise(() => undefined);
    stage.cloud.streams.break();
    const stuck = stage.pod('stuck');
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
    const look = (type: string) => {
      const { status } = stage.api.cluster.store.get('nodes', undefined, 'burst-0') ?? {};
      const conditions = status?.conditions as { type: string; status: string; reason: string }[] | undefined;
      const found = conditions?.find((one) => one.type === type);
      return `${found?.status} ${found?.reason}`;
    };
    await eventually(() => look('ProviderAvailable') === 'False Retryable');
    expect(look('Ready')).toBe('True KubeletReady');
    await eventually(() => look('ProviderAvailable') === 'False AuthFailed');
    expect(look('Ready')).toBe('True KubeletReady');
    await eventually(() => look('ProviderAvailable') === 'True ProviderAvailable');
    await eventually(() => {
      const { spec } = stage.api.cluster.store.get('nodes', undefined, 'burst-0') ?? {};
      return (spec?.taints as object[] | undefined)?.length === 1;
    });
  });
});

describe('a Pod', () => {
  it('whose ConfigMap is missing waits for it, and starts as soon as it is there', async () => {
    await start();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }];
    const uid = stage.pod('needy', { container: { env } });
    await eventually(() => waiting('needy')?.reason === 'CreateContainerConfigError');
    expect(waiting('needy')?.message).toBe('configmap "settings" not found');
    expect(stage.calls(uid)).toEqual([]);
    stage.api.cluster.store.create('configmaps', {
      metadata: { name: 'settings', namespace: 'default' },
      data: { b: '1' },
    });
    await eventually(() => stage.eventsOf('needy').some((event) => event.includes("couldn't find key a")));
    expect(stage.calls(uid)).toEqual([]);
    const settings = stage.api.cluster.store.get('configmaps', 'default', 'settings');
    stage.api.cluster.store.update('configmaps', { ...settings, data: { a: '1' } });
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
  ])('%s is refused: one Event, no call', async (_, wishes, reason, field) => {
    await start();
    const uid = stage.pod('asks', wishes);
    const { status } = await stage.reaches('asks', 'Failed');
    expect(status?.reason).toBe(reason);
    expect(status?.message).toContain(field);
    const ran = stage.pod('runs');
    await stage.reaches('runs', 'Running');
    await eventually(() => stage.eventsOf('asks').length === 1);
    expect(stage.eventsOf('asks')).toEqual([`${reason}: ${status?.message}`]);
    // Again, by the next process: what has been said stays said.
    await started[0]?.stop();
    await start();
    stage.remove('runs');
    await eventually(() => live(ran) === 0);
    expect(stage.eventsOf('asks')).toHaveLength(1);
    expect(stage.calls(uid)).toEqual([]);
    stage.remove('asks');
    await eventually(() => stage.read('asks') === undefined);
  });

  it('that is deleted while it is being created leaves nothing', async () => {
    await start();
    const held = Promise.withResolvers<void>();
    stage.cloud.front.onCall = ({ kind }, point) =>
      kind === 'create' && point === 'after' ? held.promise : undefined;
    const uid = stage.pod('brief');
    await eventually(() => live(uid) === 1);
    stage.remove('brief');
    expect(stage.read('brief')?.metadata?.deletionTimestamp).toBeDefined();
    held.resolve();
    stage.cloud.front.onCall = undefined;
    await eventually(() => stage.read('brief') === undefined);
    expect(live(uid)).toBe(0);
    expect(stage.calls(uid).filter((call) => call === 'create')).toHaveLength(1);
  });

  it('that is deleted by force while it runs takes its instance along', async () => {
    await start();
    const uid = stage.pod('brief', { script: { containers: { main: { onTerm: 'ignore' } } } });
    await stage.reaches('brief', 'Running');
    stage.remove('brief', 0);
    expect(stage.read('brief')).toBeUndefined();
    await eventually(() => live(uid) === 0);
  });

  it('that comes again under the same name has its own instance', async () => {
    await start();
    const uids: string[] = [];
    for (let n = 0; n < 20; n++) {
      uids.push(stage.pod('web-0'));
      if (n % 2 === 0) await stage.reaches('web-0', 'Running');
      stage.remove('web-0', n % 3 === 0 ? 0 : 1);
      await eventually(() => stage.read('web-0') === undefined);
    }
    await eventually(() => stage.cloud.size === 0);
    expect(stage.cloud.ledger.doublings).toEqual([]);
    expect(uids.every((uid) => stage.calls(uid).filter((call) => call === 'create').length <= 1)).toBe(true);
  });
});
