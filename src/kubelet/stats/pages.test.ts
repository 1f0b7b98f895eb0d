import { describe, expect, test } from 'vitest';
import type { Instance, InstanceStats } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import { exposition } from '../../telemetry/exposition.ts';
import { cadvisorMetrics } from './cadvisor-metrics.ts';
import { measuredPods } from './pod-index.ts';
import { ProbeCounts } from './probe-counts.ts';
import { resourceMetrics, scrapeErrors } from './resource-metrics.ts';
import { summaryOf } from './summary.ts';
import { UsageCounts } from './usage-counts.ts';

const at = Date.UTC(2026, 0, 1);
const startedAt = '2025-12-31T23:00:00.000Z';
const pod: Pod = {
  metadata: { name: 'web-0', namespace: 'shop', uid: 'u1', creationTimestamp: '2025-12-31T22:59:00Z' },
  spec: {
    containers: [
      {
        name: 'main',
        resources: { requests: { cpu: '250m' }, limits: { cpu: '1500m', memory: '64Mi' } },
      },
    ],
  },
  status: { startTime: '2025-12-31T22:59:30Z' },
};
const interfaces = [{ name: 'eth0', rxBytes: 5, rxErrors: 0, txBytes: 7, txErrors: 1 }];

function measured(time: number, cpuNanoSeconds: number): InstanceStats {
  return {
    ref: { id: 'i', podUid: 'u1' },
    containers: [
      {
        ...{ name: 'main', time: new Date(time).toISOString(), startedAt, cpuNanoSeconds },
        ...{ memoryWorkingSetBytes: 2_000, memoryUsageBytes: 3_000, memoryRssBytes: 1_000 },
        ...{ processes: 4, diskReadBytes: 11, diskWriteBytes: 12 },
      },
    ],
    network: { time: new Date(time).toISOString(), interfaces },
  };
}

const counts = new UsageCounts();
counts.take([measured(at - 10_000, 1e9)], at - 10_000, () => true);
const orphan: InstanceStats = {
  ref: { id: 'o', podUid: 'u2' },
  containers: [
    { name: 'x', time: new Date(at).toISOString(), startedAt, cpuNanoSeconds: 1, memoryWorkingSetBytes: 1 },
  ],
};
const usage = counts.take([measured(at, 3e9), orphan], at, () => true);
const pods = measuredPods([pod], usage);
const capacity = { resources: { cpuMillis: 4_000, memoryBytes: 10_000 }, instances: 10 };

test('/metrics/resource has what metrics-server reads, each with the time of its measurement', () => {
  const { text } = exposition([...resourceMetrics(usage, pods), ...scrapeErrors(false)]);
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    `node_cpu_usage_seconds_total 3.000000001 ${at}`,
    `node_memory_working_set_bytes 2001 ${at}`,
    `container_cpu_usage_seconds_total{container="main",namespace="shop",pod="web-0"} 3 ${at}`,
    `container_memory_working_set_bytes{container="main",namespace="shop",pod="web-0"} 2000 ${at}`,
    `container_start_time_seconds{container="main",namespace="shop",pod="web-0"} ${Date.parse(startedAt) / 1000}`,
    `pod_cpu_usage_seconds_total{namespace="shop",pod="web-0"} 3 ${at}`,
    `pod_memory_working_set_bytes{namespace="shop",pod="web-0"} 2000 ${at}`,
    'resource_scrape_error 0',
    'scrape_error 0',
  ]);
});

describe('/metrics/cadvisor', () => {
  const containers = [{ name: 'main', id: 'c1', image: 'app:1' }];
  const instance = { containers } as unknown as Instance;
  const { text } = exposition(cadvisorMetrics({ usage, pods, capacity, instance: () => instance }));
  const labels =
    'container="main",id="/kubepods/podu1/c1",image="app:1",name="c1",namespace="shop",pod="web-0"';

  test.each([
    'machine_cpu_cores 4',
    'machine_memory_bytes 10000',
    `container_cpu_usage_seconds_total{${labels},cpu="total"} 3 ${at}`,
    `container_memory_working_set_bytes{${labels}} 2000 ${at}`,
    `container_memory_usage_bytes{${labels}} 3000 ${at}`,
    `container_memory_rss{${labels}} 1000 ${at}`,
    `container_processes{${labels}} 4 ${at}`,
    `container_fs_writes_bytes_total{${labels},device=""} 12 ${at}`,
    `container_start_time_seconds{${labels}} ${Date.parse(startedAt) / 1000}`,
    `container_spec_cpu_shares{${labels}} 256`,
    `container_spec_cpu_quota{${labels}} 150000`,
    `container_spec_cpu_period{${labels}} 100000`,
    `container_spec_memory_limit_bytes{${labels}} 67108864`,
    `container_network_transmit_bytes_total{container="",id="/kubepods/podu1",image="",interface="eth0",name="",namespace="shop",pod="web-0"} 7 ${at}`,
  ])('%s', (line) => {
    expect(text.split('\n')).toContain(line);
  });

  test('has no family without a sample, and no container without a Pod', () => {
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    for (const name of families) expect(text).toMatch(new RegExp(`^${name}[{ ]`, 'm'));
    expect(text).not.toContain('u2');
  });
});

describe('/stats/summary', () => {
  const daemon = { startedAt: at - 60_000, cpuNanoSeconds: 1e9, residentBytes: 500 };
  const input = { nodeName: 'burst-0', usage, pods, capacity, daemon };
  const time = new Date(at).toISOString();

  test('has the node as the sum of its Pods, and the daemon apart', () => {
    expect(summaryOf({ ...input, onlyCpuAndMemory: false })).toEqual({
      node: {
        nodeName: 'burst-0',
        startTime: '2025-12-31T23:59:00.000Z',
        cpu: { time, usageNanoCores: 2e8, usageCoreNanoSeconds: 3e9 + 1 },
        memory: { time, availableBytes: 7_999, workingSetBytes: 2_001 },
        systemContainers: [
          {
            name: 'kubelet',
            startTime: '2025-12-31T23:59:00.000Z',
            cpu: { time, usageCoreNanoSeconds: 1e9 },
            memory: { time, workingSetBytes: 500, rssBytes: 500 },
          },
        ],
      },
      pods: [
        {
          podRef: { name: 'web-0', namespace: 'shop', uid: 'u1' },
          startTime: '2025-12-31T22:59:30Z',
          containers: [
            {
              name: 'main',
              startTime: startedAt,
              cpu: { time, usageNanoCores: 2e8, usageCoreNanoSeconds: 3e9 },
              memory: { time, usageBytes: 3_000, workingSetBytes: 2_000, rssBytes: 1_000 },
            },
          ],
          cpu: { time, usageNanoCores: 2e8, usageCoreNanoSeconds: 3e9 },
          memory: { time, workingSetBytes: 2_000 },
          network: { time, ...interfaces[0], interfaces },
          process_stats: { process_count: 4 },
        },
      ],
    });
  });

  test('is short when only CPU and memory are asked for', () => {
    const text = JSON.stringify(summaryOf({ ...input, onlyCpuAndMemory: true }));
    expect(text).toContain('"containers":[{"name":"main"');
    expect(text).not.toMatch(/network|systemContainers|process_stats/);
  });
});

test('/metrics/probes counts by result, and forgets the Pods that have gone', () => {
  const probes = new ProbeCounts();
  const outcome = { podUid: 'u1', namespace: 'shop', pod: 'web-0', container: 'main' };
  probes.add({ ...outcome, probe: 'readiness', result: 'success' });
  probes.add({ ...outcome, probe: 'readiness', result: 'success' });
  probes.add({ ...outcome, probe: 'liveness', result: 'error' });
  const labels = 'container="main",namespace="shop",pod="web-0",pod_uid="u1"';
  const lines = exposition(probes.families(() => true)).text.split('\n');
  expect(lines).toContain(`prober_probe_total{${labels},probe_type="Readiness",result="successful"} 2`);
  expect(lines).toContain(`prober_probe_total{${labels},probe_type="Liveness",result="unknown"} 1`);
  probes.families(() => false);
  expect(exposition(probes.families(() => true)).text).not.toContain('u1');
});
