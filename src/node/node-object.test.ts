import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../providers/contract/index.ts';
import {
  conditionsDiffer,
  type NodeIdentity,
  newNode,
  nodeLabels,
  nodeStatus,
  troubleTaintKey,
  wantedTaints,
  withTimes,
} from './node-object.ts';

const identity: NodeIdentity = {
  name: 'burst-0',
  provider: 'mock',
  address: '10.0.0.7',
  kubeletPort: 10250,
  taint: true,
  labels: { pool: 'spot', 'kubernetes.io/os': 'beos' },
  os: 'linux',
  arch: 'arm64',
  version: 'v1.36.0-burstlet-0.1.0',
};
const capacity: Capacity = {
  instances: 50,
  resources: { cpuMillis: 64_500, memoryBytes: 2 ** 36, extended: { 'example.com/gpu': 4 } },
};
const trouble = { reason: 'Throttled', message: 'too many requests' };

describe('the Node', () => {
  it('says what it is, and keeps load balancers and ordinary Pods away', () => {
    expect(newNode(identity)).toEqual({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'burst-0',
        labels: {
          pool: 'spot',
          type: 'virtual-kubelet',
          'kubernetes.io/hostname': 'burst-0',
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'arm64',
          'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
          'node.kubernetes.io/instance-type': 'burstlet-mock',
        },
      },
      spec: { taints: [{ key: 'virtual-kubelet.io/provider', value: 'mock', effect: 'NoSchedule' }] },
    });
  });

  it('takes everybody where that is wanted', () => {
    expect(newNode({ ...identity, taint: false }).spec).toEqual({});
  });

  it('has no label by which NodeRestriction would refuse it', () => {
    const kubernetes = Object.keys(nodeLabels(identity)).filter((key) =>
      /(^|\.)(kubernetes|k8s)\.io\//.test(key),
    );
    const allowed = ['kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch'];
    expect(
      kubernetes.filter((key) => !allowed.includes(key) && !key.startsWith('node.kubernetes.io/')),
    ).toEqual([]);
  });
});

describe('its status', () => {
  const status = nodeStatus(identity, capacity, undefined);

  it('leads the API server to the node API, under every type of address', () => {
    expect(status.addresses).toEqual([
      { type: 'InternalIP', address: '10.0.0.7' },
      { type: 'Hostname', address: '10.0.0.7' },
    ]);
    expect(status.daemonEndpoints).toEqual({ kubeletEndpoint: { Port: 10250 } });
    expect(status.nodeInfo).toMatchObject({
      architecture: 'arm64',
      operatingSystem: 'linux',
      kubeletVersion: identity.version,
    });
    expect(status.declaredFeatures).toEqual(['ExtendWebSocketsToKubelet']);
    expect(status.nodeInfo?.containerRuntimeVersion).toBe('burstlet-mock://1.36.0-burstlet-0.1.0');
  });

  it('offers all that the provider offers', () => {
    expect(status.capacity).toEqual({
      cpu: '64500m',
      memory: '68719476736',
      'ephemeral-storage': '0',
      pods: '50',
      'example.com/gpu': '4',
    });
    expect(status.allocatable).toEqual(status.capacity);
  });

  it('is Ready, whatever the provider does', () => {
    const short = (conditions = status.conditions) => conditions?.map((one) => `${one.type}=${one.status}`);
    const calm = ['MemoryPressure=False', 'DiskPressure=False', 'PIDPressure=False', 'Ready=True'];
    expect(short()).toEqual([...calm, 'ProviderAvailable=True']);
    const ill = nodeStatus(identity, capacity, trouble).conditions;
    expect(short(ill)).toEqual([...calm, 'ProviderAvailable=False']);
    expect(ill?.at(-1)).toMatchObject(trouble);
  });

  it('has the times of its conditions: heartbeats now, transitions only where something turned', () => {
    const before = withTimes(status.conditions ?? [], [], 'T1');
    const after = withTimes(nodeStatus(identity, capacity, trouble).conditions ?? [], before, 'T2');
    expect(after.every(({ lastHeartbeatTime }) => lastHeartbeatTime === 'T2')).toBe(true);
    expect(after.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(['T1', 'T1', 'T1', 'T1', 'T2']);
  });

  it('differs when a condition says something else, not when only its times do', () => {
    const current = { conditions: withTimes(status.conditions ?? [], [], 'T1') };
    expect(conditionsDiffer(current, status)).toBe(false);
    expect(conditionsDiffer(current, nodeStatus(identity, capacity, trouble))).toBe(true);
    expect(conditionsDiffer(undefined, status)).toBe(true);
    const foreign = { type: 'NetworkUnavailable', status: 'False' };
    expect(conditionsDiffer({ conditions: [...current.conditions, foreign] }, status)).toBe(false);
  });
});

describe('its taints', () => {
  const foreign = { key: 'team', value: 'a', effect: 'NoExecute' };
  const ours = { key: troubleTaintKey, effect: 'NoSchedule' };

  it('get ours in trouble, lose it afterwards, and those of others stay', () => {
    expect(wantedTaints([foreign], trouble)).toEqual([foreign, ours]);
    expect(wantedTaints([ours, foreign], trouble)).toEqual([foreign, ours]);
    expect(wantedTaints([ours, foreign], undefined)).toEqual([foreign]);
    expect(wantedTaints([], undefined)).toEqual([]);
  });
});
