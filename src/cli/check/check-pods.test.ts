import { describe, expect, test } from 'vitest';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import { mockSizing } from '../../../providers/mock/market.ts';
import { processCapabilities } from '../../../providers/process/capabilities.ts';
import { createDevCluster } from '../../devcluster/dev-cluster.ts';
import type { Pod } from '../../kube/types.ts';
import { NodeAdmission } from '../../pods/admission/node-admission.ts';
import type { Sold } from '../../pods/admission/offered.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { type CheckOutcome, checkPods, type PodCheck } from './check-pods.ts';
import { jsonReport, textReport } from './report.ts';
import { createShapeCheck } from './shape.ts';

const shapeOf = createShapeCheck() ?? (() => []);

function check(text: string, capabilities = processCapabilities): CheckOutcome {
  const { manifests, problems } = parseManifests(text, 'f');
  expect(problems).toEqual([]);
  return checkPods(manifests, { capabilities }, shapeOf);
}

function only(text: string, capabilities = processCapabilities): PodCheck {
  const [pod, ...more] = check(text, capabilities).pods;
  expect(more).toEqual([]);
  if (pod === undefined) throw new Error('no Pod in it');
  return pod;
}

/** Reason and the lines of all fields at fault; `ok`. */
function judged({ verdict, lineOf }: PodCheck): string {
  if (verdict.admitted) return 'ok';
  return [verdict.reason, ...verdict.findings.flatMap(({ fields }) => fields.map(lineOf))].join(' ');
}

const container = 'containers: [{ name: c, image: burstlet.dev/host, command: [x]';
const good = `automountServiceAccountToken: false, ${container} }]`;
const pod = (spec: string, metadata = 'name: a'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { ${metadata} }\nspec: { ${spec} }\n`;
const workload = (apiVersion: string, kind: string, spec: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: w }\nspec:\n${spec}\n`;

describe('objects without defaults', () => {
  test('are judged as the API server would store them', () => {
    expect(judged(only(pod(good)))).toBe('ok');
    expect(judged(only(pod(good), mockCapabilities))).toBe('ok');
  });

  test('so the token is mounted unless somebody declines', () => {
    const asked = pod(`${container} }]`);
    expect(judged(only(asked))).toBe('ServiceAccountTokenMountNotSupported 4');
    const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: default }\n';
    expect(judged(only(`${account}automountServiceAccountToken: false\n---\n${asked}`))).toBe('ok');
    expect(judged(only(`${account}---\n${asked}`))).toContain('ServiceAccountTokenMountNotSupported');
    const other = pod(`serviceAccountName: builder, priorityClassName: high, ${good}`);
    expect(judged(only(other))).toBe('ok');
  });

  test('nulls say nothing', () => {
    expect(judged(only(pod(`${good}, volumes: null, hostNetwork: null`)))).toBe('ok');
  });

  test('what a cluster has added since is no trouble', () => {
    const stored = `${pod(good, 'name: a, uid: u, creationTimestamp: null, resourceVersion: "1"')}status: { phase: Running }\n`;
    expect(judged(only(stored))).toBe('ok');
  });
});

describe('workloads are judged by the Pods that they make', () => {
  const template = `  template:\n    spec:\n      automountServiceAccountToken: false\n      ${container}, securityContext: { privileged: true } }]`;
  const refused = 'PrivilegedNotSupported 8';

  test.each([
    ['apps/v1', 'Deployment', `  replicas: 3\n${template}`, 3, 'PrivilegedNotSupported 9'],
    ['apps/v1', 'Deployment', template, 1, refused],
    ['apps/v1', 'ReplicaSet', template, 1, refused],
    ['v1', 'ReplicationController', template, 1, refused],
    ['apps/v1', 'StatefulSet', template, 1, refused],
    ['batch/v1', 'Job', template, 1, refused],
    ['batch/v1', 'Job', `  parallelism: 5\n  completions: 3\n${template}`, 3, 'PrivilegedNotSupported 10'],
    ['apps/v1', 'DaemonSet', template, undefined, 'DaemonSetNotSupported 1 8'],
  ])('%s %s %#', (apiVersion, kind, spec, copies, outcome) => {
    const found = only(workload(apiVersion, kind, spec));
    expect([found.copies, judged(found)]).toEqual([copies, outcome]);
  });

  test('a CronJob by the Pods of its Jobs, a PodTemplate by its own', () => {
    const cron = `  schedule: "@daily"\n  jobTemplate:\n    spec:\n${template.replaceAll(/^/gm, '    ')}`;
    expect(judged(only(workload('batch/v1', 'CronJob', cron)))).toBe('PrivilegedNotSupported 11');
    const podTemplate = `apiVersion: v1\nkind: PodTemplate\nmetadata: { name: t }\n${template.replaceAll(/^ {2}/gm, '')}\n`;
    expect(judged(only(podTemplate))).toBe('PrivilegedNotSupported 7');
  });

  test('the claims of a StatefulSet become volumes of its Pods, before their own', () => {
    const spec = `  template:
    spec:
      automountServiceAccountToken: false
      volumes:
        - name: host
          hostPath: { path: / }
      ${container} }]
  volumeClaimTemplates:
    - metadata: { name: data }`;
    const found = only(workload('apps/v1', 'StatefulSet', spec));
    expect(judged(found)).toBe('HostPathNotSupported 10 13');
    expect(found.verdict).toMatchObject({
      message: expect.stringMatching(
        /spec\.volumes\[1\]\.hostPath.*spec\.volumes\[0\]\.persistentVolumeClaim/,
      ),
    });
  });

  test('the Pods of an indexed Job and of a StatefulSet have a host name', () => {
    const named = {
      ...mockCapabilities,
      features: {
        ...mockCapabilities.features,
        'spec.hostname': { support: 'refused', why: 'no', instead: 'x' } as const,
      },
    };
    const plain = template.replace(', securityContext: { privileged: true }', '');
    expect(judged(only(workload('batch/v1', 'Job', plain), named))).toBe('ok');
    expect(judged(only(workload('batch/v1', 'Job', `  completionMode: Indexed\n${plain}`), named))).toContain(
      'HostnameNotSupported',
    );
    expect(judged(only(workload('apps/v1', 'StatefulSet', plain), named))).toContain('HostnameNotSupported');
  });

  test('other objects are told apart', () => {
    const { pods, others } = check(
      `apiVersion: example.org/v1\nkind: Deployment\nmetadata: { name: d }\n---\n${pod(good)}`,
    );
    expect([pods.length, others.length]).toEqual([1, 1]);
  });
});

test('the size is that of one instance, sidecars and init containers counted as the scheduler does', () => {
  const sized = `${container}, resources: { requests: { cpu: 250m }, limits: { memory: 1Gi, nvidia.com/gpu: 2 } } }], initContainers: [{ name: i, image: x, resources: { requests: { cpu: 1 } } }]`;
  expect(only(pod(sized), mockCapabilities).requests).toEqual({
    cpuMillis: 1000,
    memoryBytes: 2 ** 30,
    extended: { 'nvidia.com/gpu': 2 },
  });
});

describe('bad input is named with file and line', () => {
  test.each([
    [
      pod('containers: [{ name: c, image: x, hostport: 1 }]'),
      'f:4: unknown field "spec.containers[0].hostport"',
    ],
    [
      pod('containers: [{ name: c, image: 3 }]'),
      'f:4: spec.containers.image: string was expected, not number',
    ],
    [pod('containers: { name: c }'), 'f:4: spec.containers: []v1.Container was expected, not object'],
    [
      pod('containers: [{ name: c, image: x }, ]').replace(', ]', ', null]'),
      'f:4: spec.containers: item 1 is empty',
    ],
    [pod('hostPID: true'), 'f:4: spec.containers: Required value'],
    ['apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n', 'f:1: spec: Required value'],
    [
      pod('containers: [{ name: c, image: x, resources: { limits: { cpu: lots } } }]'),
      'f:4: spec.containers[0].resources.limits.cpu: Invalid value: "lots"',
    ],
    [pod(good, 'name: Not_A_Name'), 'f:3: metadata.name: Invalid value'],
    [
      workload('apps/v1', 'Deployment', '  template: {}'),
      'f:5: spec.template.spec.containers: Required value',
    ],
    [
      workload('batch/v1', 'CronJob', '  schedule: "@daily"'),
      'f:4: spec.jobTemplate.spec.template.spec.containers: Required value',
    ],
    [workload('apps/v1', 'StatefulSet', '  replicas: many'), 'f:5: spec.replicas: '],
  ])('%#', (text, message) => {
    expect(check(text).problems.join('\n')).toContain(message);
  });

  test('all of it at once', () => {
    const bad = pod('containers: [{ name: c, image: x, a: 1, b: 2 }]');
    const { pods, problems } = check(`${bad}---\n${bad}---\n${pod(good)}`);
    expect(problems.map((problem) => problem.slice(0, 4))).toEqual(['f:4:', 'f:4:', 'f:9:', 'f:9:']);
    expect(pods).toHaveLength(1);
  });

  test('also without the models of the API', () => {
    const { manifests } = parseManifests(pod('containers: [{ name: c, image: x, ports: 3 }]'), 'f');
    expect(checkPods(manifests, { capabilities: processCapabilities }, () => []).problems).toEqual([
      expect.stringContaining('f:1: this Pod cannot be read'),
    ]);
  });
});

test('the text of a refusal is that of the daemon for the same Pod in a cluster', async () => {
  const text = pod(
    `hostPID: true, volumes: [{ name: v, hostPath: { path: / } }], ${container}, securityContext: { privileged: true } }]`,
  );
  const { store } = await createDevCluster({ controllers: false });
  store.create('namespaces', { metadata: { name: 'default' } });
  const [manifest] = parseManifests(text, 'f').manifests;
  const stored = store.create('pods', { ...manifest?.object, metadata: { name: 'a', namespace: 'default' } });
  const admission = new NodeAdmission({
    capabilities: processCapabilities,
    node: () => undefined,
    capacity: () => ({ resources: {}, instances: 10 }),
  });
  const { verdict } = only(text);
  expect(verdict).toMatchObject(admission.refusal(stored as Pod) ?? { reason: 'the daemon admits it' });
});

describe('where instances are bought', () => {
  const gib = 1024 ** 3;
  const rates = {
    ...{ currency: 'USD', perCpuSecond: 0.00001, perGibSecond: 0, minimumSeconds: 60 },
    ...{ asOf: '2026-01-01', source: 'test' },
  };
  const sized = (cpu: number, memory: number) => ({
    ...{ name: `${cpu}-${memory}`, cpuMillis: cpu * 1000, memoryBytes: memory * gib },
  });
  const sold: Sold = {
    sizing: mockSizing,
    offers: [
      { id: 'a/spot', market: 'spot', sizes: [sized(2, 4)], rates },
      { id: 'b/spot', market: 'spot', sizes: [sized(1, 2)], rates },
      { id: 'a/od', market: 'on-demand', sizes: [sized(1, 2), sized(4, 8)] },
    ],
  };
  const asking = (cpu: string) =>
    parseManifests(
      pod(
        `automountServiceAccountToken: false, containers: [{ name: c, image: i, resources: { limits: { cpu: '${cpu}', memory: 1Gi } } }]`,
      ),
      'f',
    ).manifests;

  test('says what each market gives, and what of it was not asked for', () => {
    const outcome = checkPods(asking('500m'), { capabilities: mockCapabilities, sold }, shapeOf);
    expect(textReport(outcome, 'mock', false).split('\n').slice(0, 3)).toEqual([
      'f:1  Pod a  ok  cpu 500m, memory 1Gi',
      '    spot: 2-4 (cpu=2, memory=4Gi) at a/spot for 0.072 USD per hour; not asked for: 75% of cpu, 75% of memory',
      '    on-demand: 1-2 (cpu=1, memory=2Gi) at a/od at a price not known; not asked for: 50% of cpu, 50% of memory',
    ]);
    expect(JSON.parse(jsonReport(outcome, 'mock')).pods[0]).toMatchObject({
      asked: { cpu: '500m', memory: '1Gi' },
      instances: [
        { market: 'spot', size: '2-4', pricePerSecond: 0.00002, currency: 'USD' },
        { offer: 'a/od' },
      ],
    });
  });

  test('names the cheapest machine that holds it, to compare', () => {
    const listed = { currency: 'USD', asOf: '2026-01-01', source: 'test' };
    const machines = [
      { ...sized(8, 16), name: 'large', perHour: 0.34, ...listed },
      { ...sized(2, 4), name: 'dear', perHour: 0.09, ...listed },
      { ...sized(2, 4), name: 'small', perHour: 0.04, ...listed },
    ];
    const compared = (cpu: string) =>
      checkPods(asking(cpu), { capabilities: mockCapabilities, sold: { ...sold, machines } }, shapeOf);
    expect(textReport(compared('500m'), 'mock', false).split('\n')[3]).toBe(
      '    to compare: a machine that holds it, small (cpu=2, memory=4Gi), for 0.04 USD per hour (list price of 2026-01-01)',
    );
    expect(JSON.parse(jsonReport(compared('3'), 'mock')).pods[0].machine).toMatchObject({ name: 'large' });
  });

  test('refuses what is too large in the words of the node', () => {
    const [manifest] = asking('9');
    const [found] = checkPods(asking('9'), { capabilities: mockCapabilities, sold }, shapeOf).pods;
    const node = new NodeAdmission({
      capabilities: mockCapabilities,
      node: () => undefined,
      capacity: () => ({ instances: 9, resources: { cpuMillis: 1e9, memoryBytes: 1e15 } }),
      sold: () => sold,
    });
    const refusal = node.refusal(manifest?.object as unknown as Pod);
    expect(found?.verdict).toMatchObject({ admitted: false, ...refusal });
    expect(refusal).toEqual({
      reason: 'TooLargeForOffers',
      message:
        'Pod was rejected: no instance that is sold holds cpu=9, memory=1Gi; the largest are 2-4 at a/spot, 1-2 at b/spot, 4-8 at a/od; instead: ask for less, or split the Pod',
    });
  });
});
