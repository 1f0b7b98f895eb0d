import { describe, expect, test } from 'vitest';
import type { Container } from '../kube/types.ts';
import { context, podOf, podWith, problems, resolved } from './testing/resolving.ts';

function main(container: Partial<Container>): ReturnType<typeof resolved>['spec']['containers'][number] {
  const [first] = resolved(podWith(container)).spec.containers;
  if (first === undefined) throw new Error('no container');
  return first;
}

test('restart rules by exit code are handed on; what is no such rule is invalid', () => {
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } };
  const container = main({ restartPolicy: 'Never', restartPolicyRules: [rule] });
  expect(container.restartRules).toEqual([{ operator: 'In', exitCodes: [42] }]);
  const all = podWith({ restartPolicyRules: [{ ...rule, action: 'RestartAllContainers' }] });
  expect(problems(all)).toEqual([
    'spec.containers[0].restartPolicyRules[0]: only the action Restart by exit codes is known',
  ]);
});

test('the smallest Pod gets every default', () => {
  expect(resolved(podOf())).toEqual({
    kind: 'spec',
    warnings: [],
    spec: {
      owner: context.owner,
      hostname: 'web-0',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      initContainers: [],
      containers: [
        {
          name: 'main',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          env: [],
          ports: [],
          requests: {},
          limits: {},
          mounts: [],
          securityContext: {},
          stdin: false,
          stdinOnce: false,
          tty: false,
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      volumes: [],
      dns: {
        nameservers: ['10.96.0.10'],
        searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
        options: [{ name: 'ndots', value: '5' }],
      },
      hostAliases: [],
      registryCredentials: [],
      securityContext: {},
      labels: {},
      annotations: {},
    },
  });
});

test('what a Pod says goes through', () => {
  const pod = podOf(
    {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 5,
      hostAliases: [{ ip: '10.0.0.9', hostnames: ['db'] }],
      initContainers: [
        { name: 'prepare', image: 'x' },
        { name: 'proxy', image: 'x', restartPolicy: 'Always' },
      ],
      securityContext: { runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000] },
    },
    { labels: { app: 'web' }, annotations: { note: 'x' } },
  );
  const { spec } = resolved(pod);
  expect(spec).toMatchObject({
    restartPolicy: 'OnFailure',
    terminationGracePeriodSeconds: 5,
    hostAliases: [{ ip: '10.0.0.9', hostnames: ['db'] }],
    securityContext: { runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000] },
    labels: { app: 'web' },
    annotations: { note: 'x' },
  });
  expect(spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
    ['prepare', undefined],
    ['proxy', 'Always'],
  ]);
});

test('amounts come in millis and bytes; requests follow limits', () => {
  const { requests, limits } = main({
    resources: {
      limits: { cpu: '1.5', memory: '1.5Gi', 'nvidia.com/gpu': '2', 'hugepages-2Mi': '4Mi' },
      requests: { cpu: '100m', 'ephemeral-storage': '1e3' },
    },
  });
  const extended = { 'nvidia.com/gpu': 2, 'hugepages-2Mi': 4 * 2 ** 20 };
  expect(limits).toEqual({ cpuMillis: 1500, memoryBytes: 1.5 * 2 ** 30, extended });
  expect(requests).toEqual({
    cpuMillis: 100,
    memoryBytes: 1.5 * 2 ** 30,
    ephemeralStorageBytes: 1000,
    extended,
  });
  expect(problems(podWith({ resources: { limits: { cpu: 'many' } } }))[0]).toContain(
    'spec.containers[0].resources: ',
  );
});

test('the security context of the container stands over that of the Pod', () => {
  const pod = podWith(
    {
      securityContext: {
        runAsUser: 5,
        runAsNonRoot: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    },
    { securityContext: { runAsUser: 1, runAsGroup: 2, runAsNonRoot: true } },
  );
  expect(resolved(pod).spec.containers[0]?.securityContext).toEqual({
    runAsUser: 5,
    runAsGroup: 2,
    runAsNonRoot: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { add: [], drop: ['ALL'] },
  });
});

describe('probes', () => {
  const ports = [
    { name: 'web', containerPort: 8080 },
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
  ];
  const defaults = {
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };

  test('defaults are filled in and names of ports resolved', () => {
    const container = main({
      ports,
      startupProbe: {
        tcpSocket: { port: 'web', host: '10.0.0.9' },
        failureThreshold: 30,
        terminationGracePeriodSeconds: 5,
      },
      readinessProbe: { httpGet: { port: 'web', path: 'ok', httpHeaders: [{ name: 'Host', value: 'x' }] } },
      livenessProbe: { grpc: { port: 9000 }, initialDelaySeconds: 4 },
    });
    expect(container.ports).toEqual([
      { name: 'web', containerPort: 8080, protocol: 'TCP' },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ]);
    expect(container.startupProbe).toEqual({
      ...defaults,
      failureThreshold: 30,
      terminationGracePeriodSeconds: 5,
      action: { kind: 'tcp', port: 8080, host: '10.0.0.9' },
    });
    expect(container.readinessProbe).toEqual({
      ...defaults,
      action: {
        kind: 'http',
        scheme: 'HTTP',
        port: 8080,
        path: 'ok',
        headers: [{ name: 'Host', value: 'x' }],
      },
    });
    expect(container.livenessProbe).toEqual({
      ...defaults,
      initialDelaySeconds: 4,
      action: { kind: 'grpc', port: 9000, service: '' },
    });
  });

  test('hooks', () => {
    const container = main({
      ports,
      lifecycle: {
        postStart: { httpGet: { port: 'web', scheme: 'HTTPS', host: '10.0.0.9' } },
        preStop: { sleep: { seconds: 5 } },
      },
    });
    expect(container.postStart).toEqual({
      kind: 'http',
      scheme: 'HTTPS',
      host: '10.0.0.9',
      port: 8080,
      path: '/',
      headers: [],
    });
    expect(container.preStop).toEqual({ kind: 'sleep', seconds: 5 });
  });

  test.each<[Partial<Container>, string]>([
    [
      { ports, livenessProbe: { httpGet: { port: 'nope' } } },
      'spec.containers[0].livenessProbe.httpGet.port: the container has no port named "nope"',
    ],
    [
      { readinessProbe: { tcpSocket: { port: 70_000 } } },
      'spec.containers[0].readinessProbe.tcpSocket.port: the container has no port named "70000"',
    ],
    [
      { startupProbe: {} },
      'spec.containers[0].startupProbe: there is no probe of this kind; use exec, httpGet, tcpSocket or grpc',
    ],
    [
      { lifecycle: { preStop: { tcpSocket: { port: 1 } } } },
      'spec.containers[0].lifecycle.preStop: there is no hook of this kind; use exec, httpGet or sleep',
    ],
  ])('%j is invalid', (container, message) => {
    expect(problems(podWith(container))).toEqual([message]);
  });
});

describe('registry credentials', () => {
  const auth = Buffer.from('ann:pa:ss').toString('base64');
  const json = JSON.stringify({
    auths: { 'ghcr.io': { auth }, 'quay.io': { username: 'bob', password: 'x' }, empty: {} },
  });
  const legacy = JSON.stringify({ 'https://index.docker.io/v1/': { username: 'eve', password: 'y' } });
  const pod = (...names: string[]) => podOf({ imagePullSecrets: names.map((name) => ({ name })) });
  const secrets = {
    new: { '.dockerconfigjson': json },
    old: { '.dockercfg': legacy },
    broken: { '.dockerconfigjson': '{"auths": "TOPSECRET' },
    list: { '.dockerconfigjson': '[]' },
    other: { token: 'x' },
  };

  test('both forms are read, in order', () => {
    const { spec, warnings } = resolved(pod('old', 'new', ''), { secrets });
    expect(warnings).toEqual([]);
    expect(spec.registryCredentials).toEqual([
      { server: 'https://index.docker.io/v1/', username: 'eve', password: 'y' },
      { server: 'ghcr.io', username: 'ann', password: 'pa:ss' },
      { server: 'quay.io', username: 'bob', password: 'x' },
    ]);
  });

  test('what cannot be read is told without its contents, and the Pod goes on', () => {
    const { spec, warnings } = resolved(pod('broken', 'nope', 'list', 'other', 'old'), { secrets });
    expect(spec.registryCredentials).toHaveLength(1);
    expect(warnings).toEqual([
      {
        reason: 'FailedToRetrieveImagePullSecret',
        message:
          'Unable to retrieve some image pull secrets (broken, nope, list, other); attempting to pull the image may not succeed.',
      },
    ]);
  });
});
