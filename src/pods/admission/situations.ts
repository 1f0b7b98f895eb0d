import type { Node, Pod } from '../../kube/types.ts';
import { examplePod } from './example-pod.ts';
import type { Fragment } from './examples.ts';
import type { Sold } from './offered.ts';
import type { Room } from './room.ts';

/** A refusal that comes from the provider's instances, the node or its room, not from one feature. */
export interface Situation {
  readonly reason: string;
  /** When it comes, in a sentence. */
  readonly when: string;
  readonly pod: Pod;
  /** The provider that says so. */
  readonly provider: 'mock' | 'process';
  readonly node?: Node;
  readonly room?: Room;
  readonly sold?: Sold;
}

const base = { image: 'burstlet.dev/host', command: ['sleep', '60'] };

function pod(fragment: Fragment): Pod {
  return examplePod(fragment, 'containers', base);
}

const node: Node = {
  metadata: { name: 'burst-0', labels: { zone: 'a' } },
  spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] },
};
const tolerant = { tolerations: [{ key: 'maintenance', operator: 'Exists' }] };

const room: Room = {
  capacity: {
    instances: 10,
    resources: { cpuMillis: 4000, memoryBytes: 2 ** 33, ephemeralStorageBytes: 2 ** 34 },
  },
  used: { pods: 4, cpu: 3500, memory: 2 ** 32 },
};

const sold: Sold = {
  sizing: { unasked: { cpuMillis: 250, memoryBytes: 2 ** 29 }, counts: 'limits' },
  offers: [
    {
      ...{ id: 'zone-a/spot', market: 'spot' },
      sizes: [{ name: '8-32', cpuMillis: 8000, memoryBytes: 2 ** 35 }],
    },
  ],
};

function asking(requests: Record<string, string>): Pod {
  return pod({ container: { resources: { requests } } });
}

export const situations: readonly Situation[] = [
  {
    reason: 'ImageNotSupported',
    when: 'The provider runs certain images only, and this is none of them.',
    pod: pod({ container: { image: 'nginx:1.29' } }),
    provider: 'process',
  },
  {
    reason: 'CommandRequired',
    when: 'The provider cannot look into images, and the container says no command.',
    pod: examplePod({}, 'containers', { image: 'burstlet.dev/host', args: ['60'] }),
    provider: 'process',
  },
  {
    reason: 'PodOSNotSupported',
    provider: 'mock',
    when: 'The Pod is for an operating system that the instances do not run.',
    pod: pod({ spec: { os: { name: 'windows' } } }),
  },
  {
    reason: 'PodOSSelectorNodeLabelDoesNotMatch',
    provider: 'mock',
    when: 'The node selector names such an operating system.',
    pod: pod({ spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
  },
  {
    reason: 'NodeAffinity',
    provider: 'mock',
    when: 'Whoever bound the Pod passed over its node selector or required node affinity.',
    pod: pod({ spec: { ...tolerant, nodeSelector: { zone: 'b' } } }),
    node,
  },
  {
    reason: 'NodeName',
    provider: 'mock',
    when: 'The Pod names another node.',
    pod: pod({ spec: { ...tolerant, nodeName: 'burst-1' } }),
    node,
  },
  {
    reason: 'TaintToleration',
    provider: 'mock',
    when: 'The node has a taint with the effect NoExecute that the Pod does not tolerate.',
    pod: pod({}),
    node,
  },
  {
    reason: 'TooLargeForOffers',
    provider: 'mock',
    when: 'The provider sells instances, and none that is large enough.',
    pod: asking({ cpu: '12' }),
    sold,
  },
  {
    reason: 'NoSuchOffer',
    provider: 'mock',
    when: 'Its annotations narrow what may be bought for it to nothing that is sold.',
    pod: pod({ metadata: { annotations: { 'burstlet.dev/use-market': 'on-demand' } } }),
    sold,
  },
  {
    reason: 'OutOfcpu',
    provider: 'mock',
    when: 'There is not that much CPU left.',
    pod: asking({ cpu: '1' }),
    room,
  },
  {
    reason: 'OutOfmemory',
    provider: 'mock',
    when: 'There is not that much memory left.',
    pod: asking({ memory: '6Gi' }),
    room,
  },
  {
    reason: 'OutOfephemeral-storage',
    provider: 'mock',
    when: 'There is not that much local storage left.',
    pod: asking({ 'ephemeral-storage': '100Gi' }),
    room,
  },
  {
    reason: 'OutOfpods',
    provider: 'mock',
    when: 'The node has as many Pods as the provider runs at the same time.',
    pod: pod({}),
    room: { ...room, used: { pods: 10 } },
  },
];
