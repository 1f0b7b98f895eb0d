import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { MemoryStore } from './memory-store.ts';
import { quantityValue } from './qos.ts';

function newStore(): MemoryStore {
  const store = new MemoryStore({ clock: new FakeClock(), log: silentLog, random: () => 0.5 });
  store.create('namespaces', { metadata: { name: 'default' } });
  store.create('serviceaccounts', {
    metadata: { name: 'default', namespace: 'default' },
    automountServiceAccountToken: false,
  });
  return store;
}

const metadata = { name: 'x', namespace: 'default' };
const container = { name: 'c', image: 'busybox' };

function createPod(spec: object, store = newStore()) {
  return store.create('pods', { metadata, spec: { containers: [container], ...spec } });
}

describe('a Pod', () => {
  it('gets the defaults of the real server', () => {
    const made = createPod({
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          readinessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { memory: '512Mi' } },
        },
      ],
      volumes: [{ name: 'v', configMap: { name: 'm' } }],
    });
    const toleration = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 };
    expect(made).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        containers: [
          {
            ...container,
            imagePullPolicy: 'Always',
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            readinessProbe: {
              httpGet: { path: '/', port: 80, scheme: 'HTTP' },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '512Mi' } },
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'm', defaultMode: 420 } }],
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        securityContext: {},
        enableServiceLinks: true,
        terminationGracePeriodSeconds: 30,
        serviceAccountName: 'default',
        priority: 0,
        preemptionPolicy: 'PreemptLowerPriority',
        tolerations: [
          { key: 'node.kubernetes.io/not-ready', ...toleration },
          { key: 'node.kubernetes.io/unreachable', ...toleration },
        ],
      },
      status: { phase: 'Pending', qosClass: 'Burstable' },
    });
  });

  it.each([
    ['busybox', 'Always'],
    ['busybox:latest', 'Always'],
    ['host:5000/busybox', 'Always'],
    ['busybox:1', 'IfNotPresent'],
    ['busybox@sha256:abc', 'IfNotPresent'],
  ])('with image %s pulls %s', (image, policy) => {
    expect(createPod({ containers: [{ ...container, image }] }).spec).toMatchObject({
      containers: [{ imagePullPolicy: policy }],
    });
  });

  it.each([
    [{}, 'BestEffort'],
    [{ limits: { cpu: '1000m', memory: '1Gi' }, requests: { cpu: '1', memory: '1024Mi' } }, 'Guaranteed'],
    [{ limits: { cpu: '1' } }, 'Burstable'],
  ])('with resources %j is %s', (resources, qosClass) => {
    expect(createPod({ containers: [{ ...container, resources }] }).status).toMatchObject({ qosClass });
  });

  it('mounts a token of its account unless someone declines', () => {
    const store = newStore();
    store.create('serviceaccounts', { metadata: { ...metadata, name: 'bob' } });
    const mounts = [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }];
    const made = createPod(
      { serviceAccountName: 'bob', initContainers: [{ ...container, name: 'i' }] },
      store,
    );
    expect(made.spec).toMatchObject({
      containers: [{ volumeMounts: mounts }],
      initContainers: [{ volumeMounts: mounts }],
      volumes: [{ projected: { defaultMode: 420 } }],
    });
    expect(createPod({}).spec?.volumes).toBeUndefined();
    expect(() => createPod({ serviceAccountName: 'eve' })).toThrow(
      'pods "x" is forbidden: error looking up service account default/eve: serviceaccount "eve" not found',
    );
  });

  it.each<[string, object, string]>([
    ['no containers', { containers: [] }, 'spec.containers: Required value'],
    [
      'a container without image',
      { containers: [{ name: 'c' }] },
      'spec.containers[0].image: Required value',
    ],
    ['a name twice', { initContainers: [container] }, 'spec.initContainers[0].name: Duplicate value: "c"'],
    [
      'a bad policy',
      { restartPolicy: 'X' },
      'spec.restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      'a bad port',
      { containers: [{ ...container, ports: [{ containerPort: 0 }] }] },
      'spec.containers[0].ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'a mount of nothing',
      { containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/x' }] }] },
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      'a request over the limit',
      { containers: [{ ...container, resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }] },
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'a bad quantity',
      { containers: [{ ...container, resources: { requests: { cpu: '1x' } } }] },
      'spec.containers[0].resources.requests[cpu]: Invalid value: "1x"',
    ],
    [
      'an unknown priority class',
      { priorityClassName: 'no' },
      'pods "x" is forbidden: no PriorityClass with name no was found',
    ],
  ])('with %s is refused', (_what, spec, message) => {
    expect(() => createPod(spec)).toThrow(message);
  });

  it('may change its images and its deadline, nothing else of its spec', () => {
    const store = newStore();
    const {
      metadata: { resourceVersion: _version, ...meta },
      spec = {},
    } = createPod({ nodeName: 'n' }, store);
    const update = (change: object) => store.update('pods', { metadata: meta, spec: { ...spec, ...change } });
    update({
      containers: [
        {
          ...container,
          imagePullPolicy: 'Always',
          image: 'other',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          resources: {},
        },
      ],
      activeDeadlineSeconds: 9,
    });
    expect(() => update({ nodeName: 'm' })).toThrow('pod updates may not change fields other than');
  });

  it('may gain tolerations, and leave out those that it was given', () => {
    const store = newStore();
    const [own, other] = ['own', 'other'].map((key) => ({ key, operator: 'Exists' }));
    const made = createPod({ tolerations: [own] }, store);
    const update = (...tolerations: unknown[]) =>
      store.update('pods', { ...made, metadata, spec: { ...made.spec, tolerations } });
    expect(update(own)).toBe(made);
    const unreachable = {
      ...{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
      tolerationSeconds: 9,
    };
    expect(update(own, other, unreachable).spec?.tolerations).toMatchObject([
      own,
      other,
      { key: 'node.kubernetes.io/unreachable', tolerationSeconds: 9 },
      { key: 'node.kubernetes.io/not-ready', tolerationSeconds: 300 },
    ]);
    expect(() => update(other)).toThrow('existing toleration can not be modified');
  });

  it('that ran for good does not run again', () => {
    const store = newStore();
    const made = createPod({ restartPolicy: 'Never' }, store);
    const state = (now: object) => ({
      ...made,
      metadata,
      status: { containerStatuses: [{ name: 'c', state: now }] },
    });
    store.update('pods', state({ terminated: { exitCode: 1 } }), 'status');
    expect(() => store.update('pods', state({ running: {} }), 'status')).toThrow(
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    );
  });
});

describe('quantities', () => {
  it.each([
    ['1', 1],
    ['500m', 0.5],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['1e3', 1000],
    ['2E', 2e18],
    ['.5', 0.5],
    [3, 3],
    ['1x', undefined],
    ['', undefined],
    ['Gi', undefined],
  ])('%j is %j', (quantity, value) => {
    expect(quantityValue(quantity)).toBe(value);
  });
});

describe('workloads', () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } };
  const spec = { selector: { matchLabels: { a: 'b' } }, template };
  const never = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };

  it.each([
    [
      'deployments.apps',
      {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
    ],
    ['replicasets.apps', { replicas: 1 }],
    [
      'statefulsets.apps',
      {
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      },
    ],
    [
      'daemonsets.apps',
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } },
    ],
  ])('%s get their defaults', (resource, expected) => {
    const made = newStore().create(resource, { metadata, spec });
    expect(made.spec).toMatchObject({
      ...expected,
      template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' } },
    });
    expect(made.metadata.generation).toBe(1);
    expect(made.status).toEqual({});
  });

  it.each<[string, object, string]>([
    ['no selector', { template }, 'Deployment.apps "x" is invalid: spec.selector: Required value'],
    [
      'a selector that misses the template',
      { ...spec, selector: { matchLabels: { a: 'c' } } },
      '`selector` does not match template `labels`',
    ],
    [
      'Pods that end',
      { ...spec, template: never },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'negative replicas',
      { ...spec, replicas: -1 },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
  ])('a Deployment with %s is refused', (_what, wrong, message) => {
    expect(() => newStore().create('deployments.apps', { metadata, spec: wrong })).toThrow(message);
  });

  it('keep their selector', () => {
    const store = newStore();
    store.create('deployments.apps', { metadata, spec });
    const labels = { a: 'b', c: 'd' };
    const changed = { selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } };
    expect(() => store.update('deployments.apps', { metadata, spec: changed })).toThrow('field is immutable');
  });

  it('a Job is told by its UID', () => {
    const made = newStore().create('jobs.batch', { metadata, spec: { template: never } });
    const { uid } = made.metadata;
    expect(made.spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: {
        metadata: {
          labels: {
            a: 'b',
            'controller-uid': uid,
            'job-name': 'x',
            'batch.kubernetes.io/controller-uid': uid,
          },
        },
      },
    });
    expect(() => newStore().create('jobs.batch', { metadata, spec: { template } })).toThrow(
      'spec.template.spec.restartPolicy: Unsupported value: "Always"',
    );
  });

  it('a CronJob names its template in errors', () => {
    const jobTemplate = { spec: { template } };
    expect(() => newStore().create('cronjobs.batch', { metadata, spec: { jobTemplate } })).toThrow(
      'CronJob.batch "x" is invalid: [spec.schedule: Required value, spec.jobTemplate.spec.template.spec.restartPolicy: Unsupported value: "Always"',
    );
  });
});

describe('services', () => {
  const service = (name: string, spec: object) => ({ metadata: { name, namespace: 'default' }, spec });
  const ports = [{ port: 80 }];

  it('get addresses and node ports of their own, and keep them', () => {
    const store = newStore();
    const a = store.create('services', service('a', { ports }));
    const b = store.create('services', service('b', { ports, type: 'NodePort' }));
    const headless = store.create('services', service('c', { ports, clusterIP: 'None' }));
    expect(a.spec).toMatchObject({
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      type: 'ClusterIP',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
    expect(b.spec).toMatchObject({ clusterIP: '10.96.0.2', ports: [{ nodePort: 30000 }] });
    expect(headless.spec).toMatchObject({ clusterIP: 'None' });
    expect(
      store.update('services', service('b', { ports, type: 'NodePort', selector: { a: 'b' } })).spec,
    ).toMatchObject({
      clusterIP: '10.96.0.2',
      ports: [{ nodePort: 30000 }],
    });
    expect(() => store.create('services', service('d', { ports, clusterIP: '10.96.0.1' }))).toThrow(
      'provided IP is already allocated',
    );
    expect(() => store.update('services', service('a', { ports, clusterIP: '10.96.0.9' }))).toThrow(
      'field is immutable',
    );
  });

  it('are refused without ports or with nameless ones', () => {
    const store = newStore();
    expect(() => store.create('services', service('a', {}))).toThrow('spec.ports: Required value');
    expect(() =>
      store.create('services', service('a', { ports: [{ port: 80 }, { port: 81, name: 'b' }] })),
    ).toThrow('spec.ports[0].name: Required value');
  });
});

describe('secrets and config maps', () => {
  it('encode stringData and hold what is immutable', () => {
    const store = newStore();
    const made = store.create('secrets', { metadata, stringData: { a: 'b' }, immutable: true });
    expect(made).toMatchObject({ type: 'Opaque', data: { a: 'Yg==' } });
    expect(made.stringData).toBeUndefined();
    expect(() => store.update('secrets', { metadata, data: {}, immutable: true })).toThrow(
      'field is immutable when `immutable` is set',
    );
    store.create('configmaps', { metadata, data: {}, immutable: true });
    expect(() => store.update('configmaps', { metadata, data: {} })).toThrow('immutable: Forbidden');
  });
});

describe('labels', () => {
  it('are checked', () => {
    const wrong = { metadata: { ...metadata, labels: { 'a b': 'c', d: 'e f' } } };
    expect(() => newStore().create('configmaps', wrong)).toThrow(
      /metadata\.labels: Invalid value: "a b".*metadata\.labels: Invalid value: "e f"/,
    );
  });
});
