import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployments } from '../../src/cli/demo/kinds.ts';
import type { Component } from '../../src/controlplane/component.ts';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/control-plane.ts';
import { parseQuantity, toMillis, toUnits } from '../../src/kube/quantity.ts';
import { certificateSigningRequests, pods } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { eventually } from '../support/eventually.ts';
import { buildAssets } from './controlplane/assets.ts';
import { defaultVersion, metricsServer } from './controlplane/builds.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import { approve } from './support/approve.ts';
import { burn } from './support/burn.ts';
import { aggregatorFlags, startMetricsServer } from './support/metrics-server.ts';
import { placement } from './support/pods.ts';
import { resourceOf } from './support/resources.ts';
import { openWorld, type World } from './support/world.ts';

/**
 * metrics-server and the autoscaler of kube-controller-manager, on a node of host processes that has its certificate from
 * the cluster. The daemon has the rights of the shipped ServiceAccount.
 */
const built = await buildAssets(defaultVersion, [metricsServer], console.log);
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const missing = 'missing' in built ? built.missing : hasKubectl ? '' : 'no kubectl';
const skipped = missing === '' ? '' : ` (skipped: ${missing})`;
const node = 'metered';
let api: ControlPlane;
let folder: string;
let world: World;
let scraper: Component | undefined;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-'));
  if ('missing' in built || missing !== '') return;
  api = await startControlPlane({
    assets: process.env.BURSTLET_E2E_ASSETS ?? '',
    apiServerFlags: { ...aggregatorFlags, 'kubelet-certificate-authority': 'ca.crt' },
    controllerManagerFlags: { 'horizontal-pod-autoscaler-sync-period': '5s' },
  });
  const kubeconfig = path.join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  world = await openWorld({ url: api.url, caPem: api.caPem, token: api.token, folder, kubeconfig });
  await applyRbac(world.client);
  await world.node({
    ...{ node, provider: 'process', kubeconfig: await accountKubeconfig(world.client, world.cluster) },
    settings: { tls: { serverTLSBootstrap: true, selfSigned: false } },
  });
  const [request] = await eventually(async () => {
    const { items } = await world.client.list(certificateSigningRequests);
    return items.length > 0 ? items : undefined;
  });
  expect(request?.spec.username).toBe('system:serviceaccount:burstlet:burstlet');
  await approve(world.client, request?.metadata?.name ?? '');
  scraper = await startMetricsServer(built.folder, world);
  namespace = await world.namespace('metrics');
});
afterAll(async () => {
  await scraper?.kill('SIGKILL');
  await world?.close();
  await api?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A container that uses the share of a core in this file. */
async function burner(file: string, share: number) {
  await writeFile(file, String(share));
  const command = [process.execPath, '-e', burn, file];
  return { name: 'main', image: 'burstlet.dev/host', command, resources: { requests: { cpu: '20m' } } };
}
const setShare = (file: string, share: number) => writeFile(file, String(share));

/** The columns of `kubectl top`, by the name in the first. */
async function top(...args: readonly string[]): Promise<Map<string, string[]>> {
  const flags = ['--kubeconfig', world.cluster.kubeconfig, 'top', ...args, '--no-headers'];
  const { stdout } = await promisify(execFile)('kubectl', flags);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(rows.map(([name = '', ...columns]) => [name, columns]));
}
const millis = (text = ''): number => toMillis(parseQuantity(text));
const bytes = (text = ''): number => toUnits(parseQuantity(text));

/** `kubectl top pod`, once for each measurement that metrics-server takes. */
async function measurements(pod: string, count: number): Promise<[cpuMillis: number, memoryBytes: number][]> {
  const taken: [number, number][] = [];
  let last = '';
  while (taken.length < count) {
    const text = await eventually(async () => {
      const found = await world.raw(`/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods/${pod}`);
      const { timestamp } = JSON.parse(found) as { timestamp: string };
      return timestamp === last ? undefined : timestamp;
    }, 60);
    last = text;
    const [cpu, memory] = (await top('pod', '-n', namespace)).get(pod) ?? [];
    taken.push([millis(cpu), bytes(memory)]);
  }
  return taken;
}
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

it.skipIf(missing)(
  `kubectl top tells what Pods use, within a tenth${skipped}`,
  async () => {
    const file = path.join(folder, 'steady');
    const container = await burner(file, 0.1);
    const metadata = { namespace, name: 'steady' };
    const spec = { ...placement, automountServiceAccountToken: false, containers: [container] };
    await world.client.create(pods, { metadata, spec });
    await world.reaches(namespace, 'steady', 'Running');
    // The first one covers the start of the program.
    const [, ...taken] = await measurements('steady', 4);
    const cpu = mean(taken.map(([used]) => used));
    expect(cpu).toBeGreaterThan(90);
    expect(cpu).toBeLessThan(110);
    const [, memory = 0] = taken.at(-1) ?? [];
    const resident = Number(await readFile(`${file}.steady`, 'utf8'));
    expect(memory / resident).toBeGreaterThan(0.9);
    expect(memory / resident).toBeLessThan(1.1);
    const [nodeCpu, , nodeMemory] = (await top('node')).get(node) ?? [];
    expect(millis(nodeCpu) / cpu).toBeGreaterThan(0.8);
    expect(millis(nodeCpu) / cpu).toBeLessThan(1.2);
    expect(bytes(nodeMemory) / memory).toBeGreaterThan(0.9);
    expect(bytes(nodeMemory) / memory).toBeLessThan(1.1);
    await world.client.delete(pods, metadata);
  },
  240_000,
);

interface Autoscaler extends KubeObject {
  readonly spec: object;
}
const autoscalers = resourceOf<Autoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);

it.skipIf(missing)(
  `an autoscaler adds Pods under load and takes them away after it${skipped}`,
  async () => {
    const file = path.join(folder, 'load');
    const labels = { app: 'load' };
    const container = await burner(file, 0.004);
    await world.client.create(deployments, {
      metadata: { namespace, name: 'load' },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { ...placement, automountServiceAccountToken: false, containers: [container] },
        },
      },
    });
    await world.client.create(autoscalers, {
      metadata: { namespace, name: 'load' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'load' },
        ...{ minReplicas: 1, maxReplicas: 3 },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    });
    const running = async (): Promise<number> => {
      const { items } = await world.client.list(pods, { namespace, labelSelector: 'app=load' });
      return items.filter(({ status }) => status?.phase === 'Running').length;
    };
    await eventually(async () => (await running()) === 1, 30);
    // Three times of what each requests.
    await setShare(file, 0.06);
    await eventually(async () => (await running()) === 3, 120);
    await setShare(file, 0.004);
    await eventually(async () => (await running()) === 1, 120);
    await world.client.delete(deployments, { namespace, name: 'load' }, { propagationPolicy: 'Background' });
  },
  330_000,
);
