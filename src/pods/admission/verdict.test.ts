import { describe, expect, test } from 'vitest';
import { type Capabilities, podFeatures, refused } from '../../../providers/contract/index.ts';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import { processCapabilities } from '../../../providers/process/capabilities.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { examplePod } from './example-pod.ts';
import { examples } from './examples.ts';
import { imageRepository } from './platform.ts';
import { isProviderRule, subjectOf } from './rule.ts';
import { rules } from './rules.ts';
import { situations } from './situations.ts';
import { type AdmissionContext, ephemeralRefusal, verdict } from './verdict.ts';

/** What the process provider takes as it is. */
const base = { image: 'burstlet.dev/host', command: ['true'] };
const mock: AdmissionContext = { capabilities: mockCapabilities };
const host: AdmissionContext = { capabilities: processCapabilities };

function rejection(pod: Pod, context: AdmissionContext): { reason: string; message: string } {
  const outcome = verdict(pod, context);
  if (outcome.admitted) throw new Error('the Pod was admitted');
  return { reason: outcome.reason, message: outcome.message };
}

/** Everything as on a node, except what is refused on purpose. */
function capabilities(refusing: readonly string[]): Capabilities {
  const decide = (feature: string) =>
    refusing.includes(feature) ? refused('it cannot', 'do without') : { support: 'honoured' as const };
  const features = Object.fromEntries(podFeatures.map((feature) => [feature, decide(feature)]));
  return {
    features: features as Capabilities['features'],
    os: ['linux'],
    arch: ['amd64'],
    needsCommand: false,
    retainsStopped: true,
  };
}

test('a plain Pod is admitted, with notes on what is emulated', () => {
  const outcome = verdict(examplePod({}, 'containers', base), host);
  expect(outcome.admitted).toBe(true);
  expect(outcome.admitted && outcome.emulated).toContainEqual({
    feature: 'container.image',
    fields: ['spec.containers[0].image'],
    how: 'names no files: the command is run as found on the host',
  });
});

test('the message names the field, the cause and the way out', () => {
  const pod = examplePod({ container: { securityContext: { privileged: true } } }, 'initContainers', base);
  expect(rejection(pod, mock)).toEqual({
    reason: 'PrivilegedNotSupported',
    message:
      'Pod was rejected: spec.initContainers[0].securityContext.privileged: an instance of the mock cloud has no host; instead: remove privileged',
  });
});

test('all findings are listed; the first gives the reason', () => {
  const pod = examplePod(
    {
      container: { securityContext: { privileged: true }, ports: [{ containerPort: 80, hostPort: 80 }] },
      spec: { hostPID: true },
    },
    'containers',
    base,
  );
  const { reason, message } = rejection(pod, mock);
  expect(reason).toBe('HostPIDNotSupported');
  expect(message.split('. ')).toEqual([
    expect.stringContaining('spec.hostPID'),
    expect.stringContaining('spec.containers[0].securityContext.privileged'),
    expect.stringContaining('spec.containers[0].ports[0].hostPort'),
  ]);
});

test('a long list of fields is cut short', () => {
  const containers = Array.from({ length: 9 }, (_, index) => ({ name: `c${index}`, tty: true }));
  const pod: Pod = { spec: { containers } };
  const { message } = rejection(pod, { capabilities: capabilities(['container.tty']) });
  expect(message).toContain('spec.containers[4].tty and 4 more: it cannot');
});

test.each(rules.map((rule) => [subjectOf(rule), rule] as const))(
  '%s: refused where the provider refuses it, let in where it does not',
  (subject, rule) => {
    const [example] = examples[subject]?.asks ?? [];
    const pod = examplePod(example ?? {});
    const strict = { capabilities: capabilities([subject]) };
    expect(rejection(pod, strict).reason).toBe(rule.reason);
    const generous = verdict(pod, { capabilities: capabilities([]) });
    expect(generous.admitted).toBe(isProviderRule(rule));
  },
);

test('a token that the API server mounted by itself gets the way out that works', () => {
  const [example] = examples['container.volumeMounts.serviceAccountToken']?.asks ?? [];
  const { reason, message } = rejection(examplePod(example ?? {}, 'containers', base), host);
  expect(reason).toBe('ServiceAccountTokenMountNotSupported');
  expect(message).toContain('automountServiceAccountToken: false');
});

test.each(situations)('the example of $reason gets it', ({ reason, provider, pod, node, room, sold }) => {
  const capabilities = provider === 'mock' ? mockCapabilities : processCapabilities;
  const context = { capabilities, ...(node && { node }), ...(room && { room }), ...(sold && { sold }) };
  expect(rejection(pod, context).reason).toBe(reason);
});

describe('platform', () => {
  test.each([
    ['nginx', 'nginx'],
    ['nginx:1.29', 'nginx'],
    ['registry:5000/team/app', 'registry:5000/team/app'],
    ['registry:5000/team/app:v1@sha256:0a', 'registry:5000/team/app'],
    ['', ''],
  ])('the repository of "%s" is "%s"', (image, repository) => {
    expect(imageRepository(image)).toBe(repository);
  });

  test.each(['containers', 'initContainers', 'ephemeralContainers'] as const)(
    'images and commands are looked at in %s',
    (list) => {
      const image = examplePod({ container: { image: 'nginx:1.29' } }, list, base);
      expect(rejection(image, host).message).toContain(`spec.${list}[0].image: `);
      const command = examplePod({ container: { command: undefined, args: ['x'] } }, list, base);
      expect(rejection(command, host).message).toContain(`spec.${list}[0].command: `);
      expect(verdict(image, mock).admitted).toBe(list !== 'ephemeralContainers');
    },
  );

  test.each([
    [{ os: { name: 'windows' } }, 'PodOSNotSupported'],
    [{ nodeSelector: { 'kubernetes.io/os': 'windows' } }, 'PodOSSelectorNodeLabelDoesNotMatch'],
  ])('%j is refused with %s', (spec, reason) => {
    expect(rejection(examplePod({ spec }), mock).reason).toBe(reason);
  });

  test('Linux is let in', () => {
    const spec = { os: { name: 'linux' }, nodeSelector: { 'kubernetes.io/os': 'linux' } };
    expect(verdict(examplePod({ spec }), mock).admitted).toBe(true);
  });
});

describe('placement, as the kubelet has it', () => {
  const node: Node = {
    metadata: { name: 'burst-0', labels: { type: 'virtual-kubelet', zone: 'a' } },
    spec: {
      taints: [
        { key: 'virtual-kubelet.io/provider', value: 'mock', effect: 'NoSchedule' },
        { key: 'drain', effect: 'NoExecute' },
      ],
    },
  };
  const tolerations = [{ key: 'drain', operator: 'Exists' }];
  const affinity = (operator: string, values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator, values }] }],
      },
    },
  });

  test.each([
    [{ nodeSelector: { zone: 'b' } }, 'NodeAffinity', "node(s) didn't match Pod's node affinity/selector"],
    [
      { affinity: affinity('NotIn', ['a']) },
      'NodeAffinity',
      "node(s) didn't match Pod's node affinity/selector",
    ],
    [{ nodeName: 'burst-1' }, 'NodeName', "node(s) didn't match the requested node name"],
    [{ tolerations: [] }, 'TaintToleration', "node(s) had taints that the pod didn't tolerate"],
    [
      { tolerations: [{ key: 'drain', operator: 'Equal', value: 'x' }] },
      'TaintToleration',
      "node(s) had taints that the pod didn't tolerate",
    ],
  ])('%j is refused', (spec, reason, text) => {
    const pod = examplePod({ spec: { tolerations, ...spec } });
    expect(rejection(pod, { ...mock, node })).toEqual({
      reason,
      message: `Pod was rejected: Predicate ${reason} failed: ${text}`,
    });
  });

  test.each([
    [{}],
    [{ nodeSelector: { zone: 'a' }, nodeName: 'burst-0', affinity: affinity('In', ['a', 'b']) }],
    [{ tolerations: [{ operator: 'Exists' }] }],
    [{ tolerations: [{ key: 'drain', effect: 'NoExecute' }] }],
  ])('%j is let in', (spec) => {
    const pod = examplePod({ spec: { tolerations, ...spec } });
    expect(verdict(pod, { ...mock, node }).admitted).toBe(true);
  });
});

describe('room, as the kubelet has it', () => {
  const capacity = { instances: 3, resources: { cpuMillis: 2000, memoryBytes: 1024 } };
  const room = { capacity, used: { pods: 1, cpu: 500 } };
  const asking = (requests: object): Pod => examplePod({ container: { resources: { requests } } });

  test.each([
    [{ cpu: '1501m' }, 'OutOfcpu', 'cpu, requested: 1501, used: 500, capacity: 2000'],
    [{ memory: '1025' }, 'OutOfmemory', 'memory, requested: 1025, used: 0, capacity: 1024'],
    [
      { 'ephemeral-storage': '1' },
      'OutOfephemeral-storage',
      'ephemeral-storage, requested: 1, used: 0, capacity: 0',
    ],
  ])('%j does not fit', (requests, reason, text) => {
    expect(rejection(asking(requests), { ...mock, room })).toEqual({
      reason,
      message: `Pod was rejected: Node didn't have enough resource: ${text}`,
    });
  });

  test('what fits exactly is let in; one Pod too many is not', () => {
    const pod = asking({ cpu: '1.5', memory: '1Ki' });
    expect(verdict(pod, { ...mock, room }).admitted).toBe(true);
    expect(rejection(pod, { ...mock, room: { capacity, used: { pods: 3 } } }).reason).toBe('OutOfpods');
  });

  test('what is no quantity is a finding, not an error', () => {
    expect(rejection(asking({ cpu: 'many' }), { ...mock, room }).message).toContain(
      '"many" is not a quantity',
    );
  });
});

describe('an ephemeral container', () => {
  const debugging = (...ephemeralContainers: object[]): Pod => ({
    metadata: { ownerReferences: [{ kind: 'DaemonSet', name: 'd', apiVersion: 'apps/v1', uid: 'u' }] },
    spec: {
      containers: [{ name: 'app', image: 'x', securityContext: { privileged: true }, tty: true }],
      volumes: [{ name: 'v', hostPath: { path: '/' } }],
      ephemeralContainers: ephemeralContainers.map((one, index) => ({
        name: `e-${index}`,
        image: 'x',
        ...one,
      })),
    },
  });
  const all = capabilities([
    'container.securityContext.privileged',
    'container.tty',
    'spec.volumes.hostPath',
  ]);

  test('is judged alone, whatever the Pod and the others ask for', () => {
    const pod = debugging(
      { securityContext: { privileged: true } },
      {},
      { tty: true, securityContext: { privileged: true } },
    );
    expect(ephemeralRefusal(pod, 'e-0', { capabilities: all })?.reason).toBe('PrivilegedNotSupported');
    expect(ephemeralRefusal(pod, 'e-1', { capabilities: all })).toBeUndefined();
    expect(ephemeralRefusal(pod, 'e-2', { capabilities: all })).toEqual({
      reason: 'PrivilegedNotSupported',
      message:
        'spec.ephemeralContainers[2].securityContext.privileged: it cannot; instead: do without. ' +
        'spec.ephemeralContainers[2].tty: it cannot; instead: do without',
    });
  });

  test('is refused as such where the provider adds none, and for its image where that cannot be run', () => {
    const none = capabilities(['spec.ephemeralContainers']);
    expect(ephemeralRefusal(debugging({}), 'e-0', { capabilities: none })).toEqual({
      reason: 'EphemeralContainersNotSupported',
      message: 'spec.ephemeralContainers: it cannot; instead: do without',
    });
    const images = { repositories: ['tools'], why: 'no other is there', instead: 'use tools' };
    expect(
      ephemeralRefusal(debugging({}, { image: 'tools:1' }), 'e-1', { capabilities: { ...all, images } }),
    ).toBeUndefined();
    expect(ephemeralRefusal(debugging({}), 'e-0', { capabilities: { ...all, images } })?.reason).toBe(
      'ImageNotSupported',
    );
  });
});
