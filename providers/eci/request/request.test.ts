import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import type { ContainerSpec, InstanceSpec, Probe } from '../../contract/index.ts';
import { ProviderError, podIpMarker, podIpsMarker } from '../../contract/index.ts';
import type { CreateRequest } from '../api/eci-api.ts';
import { readEciOptions } from '../options.ts';
import type { Creation } from './create-request.ts';
import { createRequest } from './create-request.ts';

const owner = {
  clusterUid: 'cluster',
  node: 'burst',
  namespace: 'shop',
  name: 'web-0.blue',
  podUid: '8a1d4f3e-0000-4000-8000-000000000001',
  attempt: 0,
};
const size = { name: '2.0-4.0Gi', cpuMillis: 2000, memoryBytes: 4 * 2 ** 30 };
const purchase = { offer: 'cn-hangzhou-h/on-demand', market: 'on-demand', size } as const;
const spot = { offer: 'cn-hangzhou-h/spot', market: 'spot', size } as const;

const plainOptions = {
  region: 'cn-hangzhou',
  vSwitches: [{ id: 'vsw-1', zone: 'cn-hangzhou-h' }],
  securityGroupId: 'sg-1',
};

function creation(more: Partial<InstanceSpec> = {}, options: object = {}): Creation {
  const { containers = [plainContainer('main', 'nginx')], ...rest } = more;
  const spec = plainSpec(owner, containers, { purchase, ...rest });
  return createRequest(spec, 'token', readEciOptions({ ...plainOptions, ...options }, {}));
}

function requestOf(container: Partial<ContainerSpec>, more: Partial<InstanceSpec> = {}): CreateRequest {
  return creation({ containers: [plainContainer('main', 'nginx', container)], ...more }).request;
}

/** The only container of the request. */
function mapped(container: Partial<ContainerSpec>): object | undefined {
  return requestOf(container).container?.[0];
}

function refusal(make: () => unknown): ProviderError {
  try {
    make();
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'InvalidSpec') return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const probe = (more: Partial<Probe>): Probe => ({
  action: { kind: 'tcp', port: 80 },
  initialDelaySeconds: 0,
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
  ...more,
});
const timing = {
  initialDelaySeconds: 0,
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
};

test('a plain Pod becomes a group with its size, its place, its token and its marks', () => {
  const { request, further } = creation();
  expect(request).toEqual({
    containerGroupName: 'shop-web-0-blue',
    clientToken: 'token',
    vSwitchId: 'vsw-1',
    zoneId: 'cn-hangzhou-h',
    securityGroupId: 'sg-1',
    cpu: 2,
    memory: 4,
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    container: [
      {
        name: 'main',
        image: 'nginx',
        imagePullPolicy: 'IfNotPresent',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    hostName: 'web-0.blue',
    dnsPolicy: 'Default',
    tag: [
      { key: 'burstlet.dev/cluster', value: 'cluster' },
      { key: 'burstlet.dev/node', value: 'burst' },
      { key: 'burstlet.dev/namespace', value: 'shop' },
      { key: 'burstlet.dev/pod', value: 'web-0.blue' },
      { key: 'burstlet.dev/uid', value: owner.podUid },
      { key: 'burstlet.dev/attempt', value: '0' },
    ],
  });
  expect(further).toEqual({});
});

test.each<[string, Partial<ContainerSpec>, object]>([
  ['a command with arguments', { command: ['sh'], args: ['-c', 'x'] }, { command: ['sh', '-c', 'x'] }],
  [
    'a long script goes where long entries may',
    { command: ['sh', '-c', 'x'.repeat(300)], args: ['y'] },
    { command: ['sh', '-c'], arg: ['x'.repeat(300), 'y'] },
  ],
  ['arguments alone follow the entry point', { args: ['a', 'b'] }, { arg: ['a', 'b'] }],
  [
    'variables, the address among them',
    {
      env: [
        { name: 'A', value: 'b', secret: false },
        { name: 'IP', value: podIpMarker, secret: false },
        { name: 'IPS', value: podIpsMarker, secret: false },
      ],
    },
    {
      environmentVar: [
        { key: 'A', value: 'b' },
        { key: 'IP', fieldRef: { fieldPath: 'status.podIP' } },
        { key: 'IPS', fieldRef: { fieldPath: 'status.podIP' } },
      ],
    },
  ],
  [
    'a secret among the variables hides them',
    { env: [{ name: 'PASSWORD', value: 'x', secret: true }] },
    { environmentVar: [{ key: 'PASSWORD', value: 'x' }], environmentVarHide: true },
  ],
  [
    'ports, mounts and the working directory',
    {
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      mounts: [{ volume: 'v', mountPath: '/m', readOnly: true, subPath: 's' }],
      workingDir: '/w',
    },
    {
      port: [{ port: 80, protocol: 'TCP' }],
      volumeMount: [{ name: 'v', mountPath: '/m', readOnly: true, subPath: 's' }],
      workingDir: '/w',
    },
  ],
  [
    'limits, but not requests',
    {
      limits: { cpuMillis: 500, memoryBytes: 2 ** 29, extended: { 'nvidia.com/gpu': 1 } },
      requests: { cpuMillis: 250 },
    },
    { cpu: 0.5, memory: 0.5, gpu: 1 },
  ],
  [
    'security',
    {
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 3000,
        runAsNonRoot: true,
        readOnlyRootFilesystem: true,
        capabilities: { add: ['NET_ADMIN'], drop: [] },
      },
    },
    {
      securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true, capability: { add: ['NET_ADMIN'] } },
      securityContextRunAsGroup: 3000,
      securityContextRunAsNonRoot: true,
    },
  ],
  [
    'probes',
    {
      livenessProbe: probe({ action: { kind: 'exec', command: ['true'] } }),
      readinessProbe: probe({
        action: { kind: 'http', scheme: 'HTTPS', port: 8443, path: '/ready', headers: [] },
      }),
    },
    {
      livenessProbe: { ...timing, exec: { command: ['true'] } },
      readinessProbe: { ...timing, httpGet: { scheme: 'HTTPS', port: 8443, path: '/ready' } },
    },
  ],
  [
    'a liveness probe waits as long as the startup probe would',
    { livenessProbe: probe({}), startupProbe: probe({ initialDelaySeconds: 5, failureThreshold: 30 }) },
    { livenessProbe: { ...timing, tcpSocket: { port: 80 }, initialDelaySeconds: 305 } },
  ],
  [
    'hooks',
    {
      postStart: { kind: 'exec', command: ['touch', '/x'] },
      preStop: {
        kind: 'http',
        scheme: 'HTTP',
        host: 'h',
        port: 81,
        path: '/bye',
        headers: [{ name: 'A', value: 'b' }],
      },
    },
    {
      lifecyclePostStartHandlerExec: ['touch', '/x'],
      lifecyclePreStopHandlerHttpGetHost: 'h',
      lifecyclePreStopHandlerHttpGetPath: '/bye',
      lifecyclePreStopHandlerHttpGetPort: 81,
      lifecyclePreStopHandlerHttpGetScheme: 'HTTP',
      lifecyclePreStopHandlerHttpGetHttpHeader: [{ name: 'A', value: 'b' }],
    },
  ],
  [
    'a terminal and input',
    { stdin: true, stdinOnce: true, tty: true },
    { stdin: true, stdinOnce: true, tty: true },
  ],
])('container: %s', (_, container, expected) => {
  expect(mapped(container)).toEqual({
    name: 'main',
    image: 'nginx',
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...expected,
  });
});

test.each<[string, () => unknown]>([
  [
    'spec.containers[main].readinessProbe.successThreshold',
    () => mapped({ readinessProbe: probe({ successThreshold: 2 }) }),
  ],
  [
    'spec.containers[main].livenessProbe.httpGet.httpHeaders',
    () =>
      mapped({
        livenessProbe: probe({
          action: { kind: 'http', scheme: 'HTTP', port: 1, path: '/', headers: [{ name: 'a', value: 'b' }] },
        }),
      }),
  ],
  [
    'spec.containers[main].livenessProbe.tcpSocket.host',
    () => mapped({ livenessProbe: probe({ action: { kind: 'tcp', host: 'x', port: 1 } }) }),
  ],
  ['spec.containers[main].lifecycle.preStop.sleep', () => mapped({ preStop: { kind: 'sleep', seconds: 1 } })],
  ['spec.containers[main].ports', () => mapped({ ports: [{ containerPort: 1, protocol: 'SCTP' }] })],
  ['spec.containers[main].command[0]', () => mapped({ command: ['x'.repeat(257)] })],
  ['spec.containers[main].args', () => mapped({ args: Array.from({ length: 11 }, () => 'a') })],
  ['spec.containers[main].command', () => mapped({ command: ['echo', podIpMarker] })],
  [
    'spec.containers[main].env[URL]',
    () => mapped({ env: [{ name: 'URL', value: `http://${podIpMarker}:80`, secret: false }] }),
  ],
  ['spec.containers[main].env[a.b]', () => mapped({ env: [{ name: 'a.b', value: '', secret: false }] })],
  [
    'spec.containers[main].securityContext.capabilities.add',
    () => mapped({ securityContext: { capabilities: { add: ['SYS_ADMIN'], drop: [] } } }),
  ],
  [
    'spec.initContainers[first].securityContext.runAsGroup',
    () =>
      creation({
        initContainers: [plainContainer('first', 'busybox', { securityContext: { runAsGroup: 1 } })],
      }),
  ],
  [
    'spec.initContainers[first].securityContext.runAsNonRoot',
    () =>
      creation({
        initContainers: [plainContainer('first', 'busybox', { securityContext: { runAsNonRoot: true } })],
      }),
  ],
  [
    'spec.initContainers[first].restartPolicy',
    () => creation({ initContainers: [plainContainer('first', 'busybox', { restartPolicy: 'Always' })] }),
  ],
  [
    'spec.containers',
    () =>
      creation({ containers: Array.from({ length: 21 }, (_, index) => plainContainer(`c${index}`, 'x')) }),
  ],
  ['spec.volumes[big]', () => creation({ volumes: [files('big', [33 * 1024])] })],
  ['spec.volumes', () => creation({ volumes: [files('one', [31 * 1024]), files('two', [30 * 1024])] })],
  [
    'metadata.annotations[k8s.aliyun.com/eci-instance-family]',
    () => creation({ annotations: { 'k8s.aliyun.com/eci-instance-family': '2-4Gi' } }),
  ],
  [
    'metadata.annotations[k8s.aliyun.com/eci-with-eip]',
    () => creation({ annotations: { 'k8s.aliyun.com/eci-with-eip': 'yes' } }),
  ],
  [
    'metadata.annotations[k8s.aliyun.com/eci-spot-price-limit]',
    () =>
      creation(
        { purchase: spot, annotations: { 'k8s.aliyun.com/eci-spot-strategy': 'SpotWithPriceLimit' } },
        { spot: {} },
      ),
  ],
])('what cannot be honoured is refused at %s', (field, make) => {
  const { message, field: named } = refusal(make);
  expect(named).toBe(field);
  expect(message).toContain(';');
});

function files(name: string, sizes: readonly number[]): InstanceSpec['volumes'][number] {
  return {
    name,
    kind: 'files',
    refreshable: false,
    files: sizes.map((bytes, index) => ({
      path: `f${index}`,
      content: new Uint8Array(bytes),
      mode: 0o644,
      secret: false,
    })),
  };
}

test('volumes: files with their modes in octal digits, folders with their sizes', () => {
  const { request } = creation({
    volumes: [
      { name: 'scratch', kind: 'emptyDir', medium: 'Memory', sizeLimitBytes: 2 ** 20 + 1 },
      { name: 'plain', kind: 'emptyDir', medium: '' },
      {
        name: 'config',
        kind: 'files',
        refreshable: true,
        files: [{ path: 'a/b', content: Buffer.from('hi'), mode: 0o400, secret: true }],
      },
    ],
  });
  expect(request.volume).toEqual([
    { name: 'scratch', type: 'EmptyDirVolume', emptyDirVolume: { medium: 'Memory', sizeLimit: '2Mi' } },
    { name: 'plain', type: 'EmptyDirVolume', emptyDirVolume: {} },
    {
      name: 'config',
      type: 'ConfigFileVolume',
      configFileVolume: { configFileToPath: [{ path: 'a/b', content: 'aGk=', mode: 400 }] },
    },
  ]);
});

test('what is of the whole Pod', () => {
  const { request } = creation({
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 5,
    shareProcessNamespace: true,
    dns: { nameservers: ['10.0.0.10'], searches: ['svc'], options: [{ name: 'ndots', value: '5' }] },
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }],
    registryCredentials: [{ server: 'r', username: 'u', password: 'p' }],
    securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] },
    initContainers: [plainContainer('first', 'busybox')],
    containers: [plainContainer('main', 'nginx', { limits: { ephemeralStorageBytes: 50 * 2 ** 30 } })],
  });
  expect(request).toMatchObject({
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 5,
    shareProcessNamespace: true,
    dnsPolicy: 'None',
    dnsConfig: { nameServer: ['10.0.0.10'], search: ['svc'], option: [{ name: 'ndots', value: '5' }] },
    hostAliase: [{ ip: '1.2.3.4', hostname: ['a', 'b'] }],
    imageRegistryCredential: [{ server: 'r', userName: 'u', password: 'p' }],
    securityContext: { sysctl: [{ name: 'net.core.somaxconn', value: '1024' }] },
    initContainer: [{ name: 'first' }],
    ephemeralStorage: 20,
  });
});

describe('spot', () => {
  test('is bid for as the options say', () => {
    const { request } = creation(
      { purchase: spot },
      { spot: { strategy: 'SpotWithPriceLimit', pricePerHour: { '2.0-4.0Gi': 0.12 }, protectedHours: 0 } },
    );
    expect(request).toMatchObject({
      spotStrategy: 'SpotWithPriceLimit',
      spotPriceLimit: 0.12,
      spotDuration: 0,
    });
  });

  test('or as the Pod says, in the market that the node has chosen', () => {
    const annotations = {
      'k8s.aliyun.com/eci-spot-strategy': 'SpotWithPriceLimit',
      'k8s.aliyun.com/eci-spot-price-limit': '0.25',
    };
    const { request } = creation({ purchase: spot, annotations }, { spot: {} });
    expect(request).toMatchObject({
      spotStrategy: 'SpotWithPriceLimit',
      spotPriceLimit: 0.25,
      spotDuration: 1,
    });
    expect(creation({ annotations }).request).not.toHaveProperty('spotStrategy');
  });
});

test('options and annotations become parameters; those that the SDK lacks go beside them', () => {
  const { request, further } = creation(
    {
      annotations: {
        'k8s.aliyun.com/eci-ram-role-name': 'pod-role',
        'k8s.aliyun.com/eci-image-snapshot-id': 'imc-1',
        'k8s.aliyun.com/eci-extra-ephemeral-storage': '50Gi',
        'k8s.aliyun.com/eci-custom-tags': 'team:web',
        'k8s.aliyun.com/eci-gpu-driver-version': 'tesla=535',
        'kubernetes.io/ingress-bandwidth': '10M',
        'example.com/other': 'x',
      },
    },
    {
      ramRole: 'node-role',
      resourceGroupId: 'rg-1',
      imageCache: true,
      maxPendingMinutes: 30,
      computeCategory: 'economy',
      tags: { cost: 'burst' },
    },
  );
  expect(request).toMatchObject({
    ramRoleName: 'pod-role',
    resourceGroupId: 'rg-1',
    autoMatchImageCache: true,
    imageSnapshotId: 'imc-1',
    ephemeralStorage: 50,
    ingressBandwidth: 10_000_000,
  });
  expect(request.tag).toHaveLength(8);
  expect(request.tag).toContainEqual({ key: 'team', value: 'web' });
  expect(further).toEqual({
    MaxPendingMinute: '30',
    'ComputeCategory.1': 'economy',
    GpuDriverVersion: 'tesla=535',
  });
});

test('an instance type is bought by its name', () => {
  const gpu = { name: 'ecs.gn6i-c4g1.xlarge', cpuMillis: 4000, memoryBytes: 15 * 2 ** 30 };
  const { request } = creation({ purchase: { ...purchase, size: gpu } });
  expect(request.instanceType).toBe('ecs.gn6i-c4g1.xlarge');
  expect(request).not.toHaveProperty('cpu');
});

interface Model {
  names(): Record<string, string>;
  types(): Record<string, unknown>;
}

/** Every name that we write is one of the vendor's own class, and every value has the type that it says. */
function departures(model: Model, value: object, path: string): string[] {
  return Object.entries(value).flatMap(([key, each]) =>
    departuresOf(model.types()[key], each, `${path}.${key}`),
  );
}

function departuresOf(type: unknown, value: unknown, path: string): string[] {
  if (type === undefined) return [`${path} is unknown to the SDK`];
  if (typeof type === 'function') return departures(type as unknown as Model, Object(value), path);
  if (typeof type === 'string') return typeof value === type ? [] : [`${path} is no ${type}`];
  const { itemType } = Object(type) as { readonly itemType: unknown };
  if (!Array.isArray(value)) return [`${path} is no list`];
  return value.flatMap((item, index) => departuresOf(itemType, item, `${path}[${index}]`));
}

test('the names and types of a request are those of the SDK', () => {
  const { CreateContainerGroupRequest } = createRequire(import.meta.url)('@alicloud/eci20180808');
  const http = {
    kind: 'http',
    scheme: 'HTTP',
    host: 'h',
    port: 1,
    path: '/',
    headers: [{ name: 'a', value: 'b' }],
  } as const;
  const everything = plainContainer('main', 'nginx', {
    command: ['sh', 'x'.repeat(300)],
    workingDir: '/',
    env: [
      { name: 'A', value: podIpMarker, secret: true },
      { name: 'B', value: 'b', secret: false },
    ],
    ports: [{ containerPort: 1, protocol: 'UDP' }],
    mounts: [{ volume: 'v', mountPath: '/m', readOnly: false, subPath: 's' }],
    limits: { cpuMillis: 1, memoryBytes: 2 ** 30, extended: { 'nvidia.com/gpu': 1 } },
    securityContext: {
      runAsUser: 1,
      runAsGroup: 1,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      capabilities: { add: ['NET_RAW'], drop: [] },
    },
    livenessProbe: probe({ action: { kind: 'exec', command: ['x'] } }),
    readinessProbe: probe({ action: { ...http, headers: [], host: undefined } as never }),
    postStart: http,
    preStop: { kind: 'exec', command: ['x'] },
    stdin: true,
    tty: true,
  });
  const annotations = Object.fromEntries(
    [
      ['eci-auto-imc', 'true'],
      ['eci-imc-id', 'imc-1'],
      ['image-accelerate-mode', 'imc'],
      ['plain-http-registry', 'r'],
      ['insecure-registry', 'r'],
      ['acr-instance-ids', 'cri-1'],
      ['eci-ram-role-name', 'r'],
      ['eci-resource-group-id', 'rg-1'],
      ['eci-security-group', 'sg-2'],
      ['eci-with-eip', 'true'],
      ['eci-eip-instanceid', 'eip-1'],
      ['eip-bandwidth', '5'],
      ['eip-common-bandwidth-package-id', 'cbwp-1'],
      ['eip-isp', 'BGP'],
      ['eci-enable-ipv6', 'true'],
      ['eci-ipv6-bandwidth-enable', 'true'],
      ['eci-ipv6-bandwidth', '5M'],
      ['eci-private-ip-address', '10.0.0.1'],
      ['eci-fixed-ip', 'true'],
      ['eci-fixed-ip-retain-hour', '24'],
      ['eci-extra-ephemeral-storage', '50Gi'],
      ['eci-ntp-server', '10.0.0.2'],
      ['eci-core-pattern', '/core'],
      ['eci-cpu-option-core', '2'],
      ['eci-cpu-option-ht', '1'],
      ['eci-data-cache-bucket', 'b'],
      ['eci-data-cache-pl', 'PL1'],
      ['eci-data-cache-provisionedIops', '100'],
      ['eci-data-cache-burstingEnabled', 'true'],
      ['eci-spot-strategy', 'SpotWithPriceLimit'],
      ['eci-spot-price-limit', '0.1'],
      ['eci-spot-duration', '1'],
      ['eci-custom-tags', 'a:b'],
    ].map(([key, value]) => [`k8s.aliyun.com/${key}`, value]),
  ) as Record<string, string>;
  const { request } = creation(
    {
      purchase: spot,
      containers: [everything],
      initContainers: [plainContainer('first', 'busybox', { command: ['x'] })],
      volumes: [files('f', [1]), { name: 'e', kind: 'emptyDir', medium: 'Memory', sizeLimitBytes: 1 }],
      annotations: { ...annotations, 'kubernetes.io/egress-bandwidth': '1G' },
      dns: { nameservers: ['10.0.0.10'], searches: ['svc'], options: [{ name: 'ndots', value: '5' }] },
      hostAliases: [{ ip: '1.2.3.4', hostnames: ['a'] }],
      registryCredentials: [{ server: 'r', username: 'u', password: 'p' }],
      securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] },
      shareProcessNamespace: true,
    },
    { spot: {}, ramRole: 'r', resourceGroupId: 'rg-1', imageCache: true, tags: { a: 'b' } },
  );
  expect(departures(CreateContainerGroupRequest, request, 'request')).toEqual([]);
  expect(departures(CreateContainerGroupRequest, { cpuu: 1, memory: '4' }, 'request')).toHaveLength(2);
});

test('the same spec and token give the same request', () => {
  expect(JSON.stringify(creation())).toBe(JSON.stringify(creation()));
});
