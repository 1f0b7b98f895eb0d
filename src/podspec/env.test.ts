import { describe, expect, test } from 'vitest';
import type { Container, Service } from '../kube/types.ts';
import { type Existing, podOf, podWith, problems, resolve, resolved } from './testing/resolving.ts';

function environment(container: Partial<Container>, existing?: Existing): Record<string, string> {
  const [main] = resolved(podWith(container), existing).spec.containers;
  return Object.fromEntries((main?.env ?? []).map(({ name, value }) => [name, value]));
}

const existing: Existing = {
  configMaps: {
    settings: { data: { MODE: 'fast', 'log.level': 'debug' } },
    more: { data: { MODE: 'slow' } },
  },
  secrets: { keys: { token: 's3cret', MODE: 'hidden' } },
};

describe('precedence', () => {
  test.each<[string, Partial<Container>, Record<string, string>]>([
    [
      'envFrom takes every key',
      { envFrom: [{ configMapRef: { name: 'settings' } }] },
      { MODE: 'fast', 'log.level': 'debug' },
    ],
    [
      'a prefix goes before the keys',
      {
        envFrom: [
          { prefix: 'APP_', configMapRef: { name: 'more' } },
          { prefix: 'S_', secretRef: { name: 'keys' } },
        ],
      },
      { APP_MODE: 'slow', S_token: 's3cret', S_MODE: 'hidden' },
    ],
    [
      'a later envFrom wins',
      { envFrom: [{ configMapRef: { name: 'settings' } }, { configMapRef: { name: 'more' } }] },
      { MODE: 'slow', 'log.level': 'debug' },
    ],
    [
      'env wins over envFrom, and a later env over an earlier one',
      {
        envFrom: [{ configMapRef: { name: 'more' } }],
        env: [
          { name: 'MODE', value: 'first' },
          { name: 'MODE', value: 'second' },
        ],
      },
      { MODE: 'second' },
    ],
    [
      'values refer to what was resolved before them',
      {
        envFrom: [{ configMapRef: { name: 'more' } }],
        env: [
          { name: 'A', value: '$(MODE)-$(B)' },
          { name: 'B', value: '$(A)!' },
        ],
      },
      { MODE: 'slow', A: 'slow-$(B)', B: 'slow-$(B)!' },
    ],
    [
      'what comes from a reference is not expanded',
      {
        env: [
          { name: 'A', value: 'x' },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'dollar', key: 'k' } } },
        ],
      },
      { A: 'x', B: '$(A)' },
    ],
    ['an empty value stays', { env: [{ name: 'A' }, { name: 'B', value: '' }] }, { A: '', B: '' }],
    [
      'what is optional and missing is left out',
      {
        envFrom: [
          { configMapRef: { name: 'nope', optional: true } },
          { secretRef: { name: 'nope', optional: true } },
        ],
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'k', optional: true } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'keys', key: 'constructor', optional: true } } },
        ],
      },
      {},
    ],
    [
      'a key that can be no variable is left out',
      { envFrom: [{ configMapRef: { name: 'odd' } }] },
      { 'a b': '1' },
    ],
  ])('%s', (_name, container, expected) => {
    const odd = { odd: { data: { 'a=b': '1', '': '2', 'a b': '1' } }, dollar: { data: { k: '$(A)' } } };
    expect(environment(container, { ...existing, configMaps: { ...existing.configMaps, ...odd } })).toEqual(
      expected,
    );
  });
});

test('command and arguments are expanded with everything, probes and hooks are not', () => {
  const pod = podWith({
    command: ['sh', '-c', 'echo $(MODE)'],
    args: ['$(LATE)', '$$(MODE)', '$(UNKNOWN)'],
    envFrom: [{ configMapRef: { name: 'more' } }],
    env: [{ name: 'LATE', value: 'x' }],
    livenessProbe: { exec: { command: ['test', '$(MODE)'] } },
    lifecycle: { preStop: { exec: { command: ['echo', '$(MODE)'] } } },
  });
  const [main] = resolved(pod, existing).spec.containers;
  expect(main?.command).toEqual(['sh', '-c', 'echo slow']);
  expect(main?.args).toEqual(['x', '$(MODE)', '$(UNKNOWN)']);
  expect(main?.livenessProbe?.action).toEqual({ kind: 'exec', command: ['test', '$(MODE)'] });
  expect(main?.preStop).toEqual({ kind: 'exec', command: ['echo', '$(MODE)'] });
});

test('what comes from a secret is marked, also through another variable', () => {
  const pod = podWith({
    envFrom: [{ secretRef: { name: 'keys' } }],
    env: [
      { name: 'URL', value: 'https://x:$(token)@example.com' },
      { name: 'TWICE', value: '$(URL)' },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'PLAIN', value: '$$(token)' },
      { name: 'MODE', value: 'now in clear' },
    ],
  });
  const env = resolved(pod, existing).spec.containers[0]?.env ?? [];
  expect(Object.fromEntries(env.map(({ name, secret }) => [name, secret]))).toEqual({
    token: true,
    MODE: false,
    URL: true,
    TWICE: true,
    KEY: true,
    PLAIN: false,
  });
});

test.each<[Partial<Container>, true | undefined]>([
  [{ args: ['--password=$(token)'] }, true],
  [{ command: ['sh', '-c', 'login $(token)'] }, true],
  [{ args: ['$$(token)', '$(MODE)'] }, undefined],
  [{ command: ['sh', '-c', 'login $token'] }, undefined],
])('%j: that a secret went into the arguments is marked', (container, secretArguments) => {
  const env = [{ name: 'MODE', value: 'now in clear' }];
  const pod = podWith({ envFrom: [{ secretRef: { name: 'keys' } }], env, ...container });
  expect(resolved(pod, existing).spec.containers[0]?.secretArguments).toBe(secretArguments);
});

describe('what is missing makes the Pod wait, in the words of the kubelet', () => {
  test.each<[Partial<Container>, string, string]>([
    [{ envFrom: [{ configMapRef: { name: 'nope' } }] }, 'ConfigMap', 'configmap "nope" not found'],
    [{ envFrom: [{ secretRef: { name: 'nope' } }] }, 'Secret', 'secret "nope" not found'],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'k' } } }] },
      'ConfigMap',
      'configmap "nope" not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      'ConfigMap',
      "couldn't find key k in ConfigMap shop/settings",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'toString' } } }] },
      'Secret',
      "couldn't find key toString in Secret shop/keys",
    ],
  ])('%j', (container, kind, message) => {
    const outcome = resolve(podWith(container), existing);
    expect(outcome.kind).toBe('missing');
    expect(outcome.kind === 'missing' && outcome.missing).toEqual([
      expect.objectContaining({ kind, namespace: 'shop', message, reason: 'CreateContainerConfigError' }),
    ]);
  });

  test('everything that is missing is told at once, init containers included', () => {
    const ref = (name: string): Partial<Container> => ({ envFrom: [{ configMapRef: { name } }] });
    const pod = podOf({
      initContainers: [{ name: 'prepare', image: 'x', ...ref('a') }],
      containers: [{ name: 'main', image: 'x', ...ref('b') }],
    });
    expect(problems(pod)).toEqual(['configmap "a" not found', 'configmap "b" not found']);
  });
});

describe('service variables', () => {
  const service = (name: string, namespace: string, clusterIP: string, ports: object[]): Service =>
    ({ metadata: { name, namespace }, spec: { clusterIP, ports } }) as Service;
  const kubernetes = service('kubernetes', 'default', '10.96.0.1', [
    { name: 'https', port: 443, protocol: 'TCP' },
  ]);
  const services = [
    kubernetes,
    service('web-ui', 'shop', '10.96.0.2', [{ port: 80 }, { name: 'dns-udp', port: 53, protocol: 'UDP' }]),
    service('headless', 'shop', 'None', [{ port: 80 }]),
    service('elsewhere', 'other', '10.96.0.3', [{ port: 80 }]),
  ];

  test('all services of the namespace that have an address, and kubernetes', () => {
    const env = environment({}, { services });
    expect(env).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBERNETES_SERVICE_PORT_HTTPS: '443',
      KUBERNETES_PORT: 'tcp://10.96.0.1:443',
      WEB_UI_SERVICE_HOST: '10.96.0.2',
      WEB_UI_SERVICE_PORT: '80',
      WEB_UI_SERVICE_PORT_DNS_UDP: '53',
      WEB_UI_PORT: 'tcp://10.96.0.2:80',
      WEB_UI_PORT_80_TCP: 'tcp://10.96.0.2:80',
      WEB_UI_PORT_80_TCP_PROTO: 'tcp',
      WEB_UI_PORT_80_TCP_PORT: '80',
      WEB_UI_PORT_80_TCP_ADDR: '10.96.0.2',
      WEB_UI_PORT_53_UDP: 'udp://10.96.0.2:53',
      WEB_UI_PORT_53_UDP_PROTO: 'udp',
    });
    expect(Object.keys(env).filter((name) => /HEADLESS|ELSEWHERE/.test(name))).toEqual([]);
  });

  test('without service links only kubernetes', () => {
    const pod = podWith({}, { enableServiceLinks: false });
    const names = resolved(pod, { services }).spec.containers[0]?.env.map(({ name }) => name) ?? [];
    expect(names).toContain('KUBERNETES_SERVICE_HOST');
    expect(names.filter((name) => !name.startsWith('KUBERNETES_'))).toEqual([]);
  });

  test('a service of the own namespace hides kubernetes', () => {
    const mine = service('kubernetes', 'shop', '10.96.0.9', [{ port: 1 }]);
    expect(environment({}, { services: [mine, kubernetes] }).KUBERNETES_SERVICE_HOST).toBe('10.96.0.9');
  });

  test('they serve in values and commands, and what the Pod sets itself wins', () => {
    const env = [
      { name: 'API', value: 'https://$(KUBERNETES_SERVICE_HOST)' },
      { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
    ];
    expect(environment({ env }, { services })).toMatchObject({
      API: 'https://10.96.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
    });
  });

  test('IPv6 addresses are bracketed in URLs', () => {
    const six = service('six', 'shop', 'fd00::9', [{ port: 80 }]);
    expect(environment({}, { services: [six] })).toMatchObject({
      SIX_SERVICE_HOST: 'fd00::9',
      SIX_PORT: 'tcp://[fd00::9]:80',
      SIX_PORT_80_TCP_ADDR: 'fd00::9',
    });
  });
});
