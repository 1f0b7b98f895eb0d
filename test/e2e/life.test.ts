import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cronJobs, daemonSets, deployments, jobs, statefulSets } from '../../src/cli/demo/kinds.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf, templateOf } from './support/pods.ts';
import { evictions, podDisruptionBudgets } from './support/resources.ts';
import { openWorld, type World } from './support/world.ts';

/** What clusters do to nodes and Pods. The daemon has the rights of the shipped ServiceAccount, and the mock provider. */
let world: World;
let daemon: Daemon;
let namespace: string;

beforeAll(async () => {
  world = await openWorld();
  await applyRbac(world.client);
  const kubeconfig = await accountKubeconfig(world.client, world.cluster);
  daemon = await world.node({ node: 'life', provider: 'mock', kubeconfig });
  namespace = await world.namespace('life');
});
afterAll(async () => {
  await world.client.delete(namespaces, { name: namespace });
  await eventually(async () => (await daemon.metric('burstlet_instances')) === 0, 60);
  await world.close();
});

const creates = () => daemon.metric('burstlet_provider_calls_total', /call="create"/);
const gone = (name: string, seconds = 30) =>
  eventually(async () => (await world.find(pods, namespace, name)) === undefined, seconds);
const containerOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.containerID;
const podsOf = async (label: string): Promise<Pod[]> =>
  (await world.client.list(pods, { namespace, labelSelector: label })).items;

describe('a node', () => {
  it('that is deleted comes back, and its Pods run on', async () => {
    const { client } = world;
    await client.create(pods, podOf(namespace, 'stays'));
    const before = await world.reaches(namespace, 'stays', 'Running');
    const made = await creates();
    const { metadata } = await client.get(nodes, { name: 'life' });
    await client.delete(nodes, { name: 'life' });
    await eventually(async () => {
      const node = await world.find(nodes, '', 'life');
      return node !== undefined && node.metadata?.uid !== metadata?.uid && node.status?.conditions?.length;
    });
    await client.create(pods, podOf(namespace, 'next'));
    await world.reaches(namespace, 'next', 'Running');
    expect(containerOf(await world.find(pods, namespace, 'stays'))).toBe(containerOf(before));
    expect(await creates()).toBe(made + 1);
    for (const name of ['stays', 'next']) await client.delete(pods, { namespace, name });
    await Promise.all(['stays', 'next'].map((name) => gone(name)));
  });

  it('that is tainted NoExecute loses the Pods that do not bear it, and keeps the others', async () => {
    const { client } = world;
    const [usual] = podOf(namespace, '').spec?.tolerations ?? [];
    const tolerations = [...(usual ? [usual] : []), { key: 'e2e', operator: 'Exists' }];
    await client.create(pods, podOf(namespace, 'leaves'));
    await client.create(pods, podOf(namespace, 'bears', { spec: { tolerations } }));
    const bears = await world.reaches(namespace, 'bears', 'Running');
    await world.reaches(namespace, 'leaves', 'Running');
    await retaint((taints) => [...taints, { key: 'e2e', effect: 'NoExecute' }]);
    await gone('leaves');
    await retaint((taints) => taints.filter(({ key }) => key !== 'e2e'));
    expect(containerOf(await world.find(pods, namespace, 'bears'))).toBe(containerOf(bears));
    expect(await world.eventsOf(namespace, 'leaves')).toContainEqual(
      expect.stringContaining('TaintManagerEviction'),
    );
    await client.delete(pods, { namespace, name: 'bears' });
    await gone('bears');
  });

  type Taints = { key: string; effect: string; value?: string }[];
  async function retaint(change: (taints: Taints) => Taints): Promise<void> {
    const node = await world.client.get(nodes, { name: 'life' });
    const { resourceVersion } = node.metadata ?? {};
    const body = {
      metadata: { resourceVersion },
      spec: { taints: change((node.spec?.taints ?? []) as Taints) },
    };
    await world.client.patch(nodes, { name: 'life' }, body, { type: 'merge' });
  }
});

describe('Pods', () => {
  it('are evicted by the eviction API, and only as their disruption budget allows', async () => {
    const { client } = world;
    const labels = { app: 'guarded' };
    const selector = { matchLabels: labels };
    await client.create(deployments, {
      metadata: { name: 'guarded', namespace },
      spec: {
        replicas: 1,
        selector,
        template: templateOf({ containers: { main: { onTerm: { code: 0, afterMs: 300 } } } }, labels),
      },
    });
    await client.create(podDisruptionBudgets, {
      metadata: { name: 'guard', namespace },
      spec: { minAvailable: 1, selector },
    });
    const [pod] = await eventually(async () => {
      const found = await podsOf('app=guarded');
      return found[0]?.status?.phase === 'Running' ? found : undefined;
    }, 30);
    const name = pod?.metadata?.name ?? '';
    await eventually(
      async () => (await world.find(podDisruptionBudgets, namespace, 'guard'))?.status?.currentHealthy === 1,
    );
    const evict = () =>
      client.create(
        evictions,
        { metadata: { name, namespace } },
        { subresource: 'eviction', name, timeoutMs: 3_000 },
      );
    await expect(evict()).rejects.toThrow();
    expect((await world.find(pods, namespace, name))?.metadata?.deletionTimestamp).toBeUndefined();
    await client.patch(
      podDisruptionBudgets,
      { namespace, name: 'guard' },
      { spec: { minAvailable: 0 } },
      { type: 'merge' },
    );
    await eventually(async () => evict().then(() => true), 20);
    await gone(name);
    await eventually(
      async () => (await podsOf('app=guarded')).some(({ status }) => status?.phase === 'Running'),
      30,
    );
    await client.delete(deployments, { namespace, name: 'guarded' });
    await eventually(async () => (await podsOf('app=guarded')).length === 0, 30);
  });

  it('of a Job fail it as its podFailurePolicy says, and disruptions do not count', async () => {
    const { client } = world;
    const job = (name: string, script: unknown, rules: unknown[]) =>
      client.create(jobs, {
        metadata: { name, namespace },
        spec: {
          backoffLimit: 0,
          podFailurePolicy: { rules } as never,
          template: { ...templateOf(script), spec: { ...templateOf().spec, restartPolicy: 'Never' } },
        },
      });
    await job('fatal', { containers: { main: { exits: [{ code: 42, afterMs: 100 }] } } }, [
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    ]);
    await job('disturbed', { containers: { main: { exits: [{ code: 0, afterMs: 8_000 }] } } }, [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ]);
    const failed = await eventually(async () => {
      const found = await client.get(jobs, { namespace, name: 'fatal' });
      return found.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    }, 30);
    expect(failed.reason).toBe('PodFailurePolicy');
    expect(failed.message).toContain('exit code 42');
    const [first] = await eventually(async () => {
      const found = await podsOf('job-name=disturbed');
      return found[0]?.status?.phase === 'Running' ? found : undefined;
    }, 30);
    const name = first?.metadata?.name ?? '';
    await client.create(evictions, { metadata: { name, namespace } }, { subresource: 'eviction', name });
    const complete = await eventually(async () => {
      const { status } = await client.get(jobs, { namespace, name: 'disturbed' });
      return (
        status?.conditions?.find((one) => one.status === 'True' && /^(Complete|Failed)$/.test(one.type)) &&
        status
      );
    }, 40);
    expect(complete).toMatchObject({ succeeded: 1 });
    expect(complete.failed ?? 0).toBe(0);
    for (const one of ['fatal', 'disturbed'])
      await client.delete(jobs, { namespace, name: one }, { propagationPolicy: 'Background' });
    await eventually(async () => (await podsOf('job-name')).length === 0, 30);
  });

  it('that come again under the same name have an instance each, one after the other', async () => {
    const { client } = world;
    const made = await creates();
    const labels = { app: 'churn' };
    await client.create(statefulSets, {
      metadata: { name: 'churn', namespace },
      spec: {
        serviceName: 'churn',
        replicas: 1,
        selector: { matchLabels: labels },
        template: templateOf(undefined, labels),
      },
    });
    const uids = new Set<string>();
    const comesAgain = async (): Promise<void> => {
      const uid = await eventually(async () => {
        const pod = await world.find(pods, namespace, 'churn-0');
        const { uid = '' } = pod?.metadata ?? {};
        return pod?.status?.phase === 'Running' && !uids.has(uid) ? uid : undefined;
      }, 30);
      uids.add(uid);
    };
    for (let round = 0; round < 15; round++) {
      await comesAgain();
      await client.delete(pods, { namespace, name: 'churn-0' }, { gracePeriodSeconds: round % 3 });
    }
    await comesAgain();
    expect(await creates()).toBe(made + 16);
    await client.delete(statefulSets, { namespace, name: 'churn' });
    await eventually(async () => (await podsOf('app=churn')).length === 0, 30);
  });
});

/** The upstream controller backs off per node, from one second, doubled, up to 15 minutes. */
it('DaemonSets that tolerate everything cost few Pods and no instance', async () => {
  const seconds = Number(process.env.BURSTLET_E2E_FLOOD_SECONDS ?? 45);
  const { client } = world;
  const made = await creates();
  const names = Array.from({ length: 20 }, (_, index) => `flood-${index}`);
  const ending = new AbortController();
  const informer = createInformer({
    ...{ client, clock, log, random: Math.random, resource: pods },
    selection: { namespace, labelSelector: 'app=flood' },
  });
  const seen = new Set<string>();
  const reasons = new Set<string>();
  informer.onEvent(({ object }) => {
    seen.add(object.metadata?.uid ?? '');
    if (object.status?.reason !== undefined) reasons.add(object.status.reason);
  });
  const watching = informer.run(ending.signal);
  await informer.synced;
  for (const name of names) {
    const template = templateOf(undefined, { app: 'flood', one: name });
    await client.create(daemonSets, {
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: { app: 'flood', one: name } },
        template: { ...template, spec: { ...template.spec, tolerations: [{ operator: 'Exists' }] } },
      },
    });
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  for (const name of names) await client.delete(daemonSets, { namespace, name });
  await eventually(async () => (await podsOf('app=flood')).length === 0, 60);
  ending.abort();
  await watching;
  console.log(
    `${names.length} DaemonSets for ${seconds} s: ${seen.size} Pods, ${(await creates()) - made} instances`,
  );
  const perSet = 3 + Math.log2(Math.max(seconds, 2));
  expect(seen.size).toBeGreaterThanOrEqual(names.length);
  expect(seen.size).toBeLessThanOrEqual(names.length * perSet);
  expect([...reasons]).toEqual(['DaemonSetNotSupported']);
  expect(await creates()).toBe(made);
  expect(await daemon.metric('burstlet_instances')).toBe(0);
}, 900_000);

it('CronJobs of the cluster come here too', async () => {
  const { client } = world;
  await client.create(cronJobs, {
    metadata: { name: 'tick', namespace },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        spec: {
          template: {
            ...templateOf({ containers: { main: { exits: [{ code: 0 }] } } }),
            spec: { ...templateOf().spec, restartPolicy: 'Never' },
          },
        },
      },
    },
  });
  await eventually(
    async () => (await client.get(cronJobs, { namespace, name: 'tick' })).status?.lastSuccessfulTime,
    75,
  );
  await client.delete(cronJobs, { namespace, name: 'tick' }, { propagationPolicy: 'Background' });
});
