import { describe, expect, test } from 'vitest';
import type { Volume } from '../kube/types.ts';
import { type Existing, podOf, podWith, problems, resolve, resolved } from './testing/resolving.ts';

const existing: Existing = {
  configMaps: {
    settings: {
      data: { mode: 'fast', level: 'debug' },
      binaryData: { icon: Buffer.from([0, 255]).toString('base64') },
    },
    fixed: { data: { a: '1' }, immutable: true },
  },
  secrets: { keys: { token: 's3cret' } },
  tokens: { 'all/token': 'eyJ' },
};

function volumesOf(...volumes: Volume[]): ReturnType<typeof resolved>['spec']['volumes'] {
  return resolved(podOf({ volumes }, { labels: { app: 'web' } }), existing).spec.volumes;
}

/** path -> [content, mode, secret] */
function filesOf(source: Omit<Volume, 'name'>): Record<string, [string, string, boolean]> {
  const [volume] = volumesOf({ name: 'all', ...source });
  if (volume?.kind !== 'files') throw new Error('not a volume of files');
  return Object.fromEntries(
    volume.files.map(({ path, content, mode, secret }) => [
      path,
      [Buffer.from(content).toString('latin1'), mode.toString(8), secret],
    ]),
  );
}

describe('emptyDir', () => {
  test.each([
    [{}, { kind: 'emptyDir', medium: '' }],
    [
      { medium: 'Memory', sizeLimit: '1Gi' },
      { kind: 'emptyDir', medium: 'Memory', sizeLimitBytes: 2 ** 30 },
    ],
    [{ sizeLimit: '0' }, { kind: 'emptyDir', medium: '' }],
  ])('%j', (emptyDir, expected) => {
    expect(volumesOf({ name: 'scratch', emptyDir })).toEqual([{ name: 'scratch', ...expected }]);
  });

  test.each([
    [{ medium: 'HugePages' }, 'spec.volumes[0].emptyDir.medium'],
    [{ sizeLimit: 'much' }, 'spec.volumes[0].emptyDir.sizeLimit'],
  ])('%j is invalid', (emptyDir, field) => {
    expect(problems(podOf({ volumes: [{ name: 'scratch', emptyDir }] }))[0]).toContain(`${field}: `);
  });
});

describe('files', () => {
  test('a ConfigMap with all its keys, texts and bytes', () => {
    expect(filesOf({ configMap: { name: 'settings' } })).toEqual({
      mode: ['fast', '644', false],
      level: ['debug', '644', false],
      icon: ['\u0000\u00ff', '644', false],
    });
  });

  test('items select, rename and set modes', () => {
    const items = [
      { key: 'mode', path: 'conf/mode', mode: 0o600 },
      { key: 'level', path: 'level' },
    ];
    expect(filesOf({ configMap: { name: 'settings', defaultMode: 0o400, items } })).toEqual({
      'conf/mode': ['fast', '600', false],
      level: ['debug', '400', false],
    });
  });

  test('a Secret is decoded and marked', () => {
    expect(filesOf({ secret: { secretName: 'keys', defaultMode: 0o440 } })).toEqual({
      token: ['s3cret', '440', true],
    });
  });

  test('fields and amounts', () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', mode: 0o444, resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
    ];
    expect(filesOf({ downwardAPI: { items } })).toEqual({
      labels: ['app="web"', '644', false],
      cpu: ['8', '444', false],
    });
  });

  test('projections lie over each other, the later above', () => {
    const sources = [
      { configMap: { name: 'settings', items: [{ key: 'mode', path: 'x' }] } },
      { secret: { name: 'keys', items: [{ key: 'token', path: 'x', mode: 0o600 }] } },
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ];
    expect(filesOf({ projected: { sources, defaultMode: 0o640 } })).toEqual({
      x: ['s3cret', '600', true],
      token: ['eyJ', '640', true],
      namespace: ['shop', '640', false],
    });
  });

  test.each<[Omit<Volume, 'name'>, boolean]>([
    [{ configMap: { name: 'settings' } }, true],
    [{ configMap: { name: 'fixed' } }, false],
    [{ configMap: { name: 'later', optional: true } }, true],
    [{ secret: { secretName: 'keys' } }, true],
    [{ downwardAPI: { items: [] } }, true],
    [{ projected: { sources: [{ configMap: { name: 'fixed' } }] } }, false],
    [{ projected: { sources: [{ configMap: { name: 'fixed' } }, { secret: { name: 'keys' } }] } }, true],
  ])('%j can change: %s', (source, refreshable) => {
    expect(volumesOf({ name: 'all', ...source })[0]).toMatchObject({ kind: 'files', refreshable });
  });
});

describe('what is missing', () => {
  test.each<[Omit<Volume, 'name'>, string, string]>([
    [{ configMap: { name: 'nope' } }, 'ConfigMap', 'configmap "nope" not found'],
    [{ secret: { secretName: 'nope' } }, 'Secret', 'secret "nope" not found'],
    [
      { configMap: { name: 'settings', items: [{ key: 'constructor', path: 'x' }] } },
      'ConfigMap',
      'references non-existent config key: constructor',
    ],
    [
      { secret: { secretName: 'keys', items: [{ key: 'nope', path: 'x' }] } },
      'Secret',
      'references non-existent secret key: nope',
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 'vault' } }] } },
      'ServiceAccountToken',
      'failed to fetch token: no token for service account "default" yet',
    ],
  ])('%j', (source, kind, text) => {
    const outcome = resolve(podOf({ volumes: [{ name: 'all', ...source }] }), existing);
    expect(outcome.kind === 'missing' && outcome.missing).toEqual([
      expect.objectContaining({
        kind,
        reason: 'ContainerCreating',
        message: `MountVolume.SetUp failed for volume "all" : ${text}`,
      }),
    ]);
  });

  test('what is optional is an empty volume', () => {
    expect(filesOf({ configMap: { name: 'nope', optional: true } })).toEqual({});
    const items = [{ key: 'nope', path: 'x' }];
    expect(filesOf({ secret: { secretName: 'keys', optional: true, items } })).toEqual({});
  });
});

describe('what can never be', () => {
  test.each<[Omit<Volume, 'name'>, string]>([
    [{ hostPath: { path: '/' } }, 'spec.volumes[0].hostPath'],
    [
      { projected: { sources: [{ clusterTrustBundle: { path: 'x' } }] } },
      'spec.volumes[0].projected.sources[0]',
    ],
    [
      { configMap: { name: 'settings', items: [{ key: 'mode', path: '../x' }] } },
      'spec.volumes[0].configMap',
    ],
    [{ configMap: { name: 'settings', items: [{ key: 'mode', path: '/x' }] } }, 'spec.volumes[0].configMap'],
    [
      { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'status.podIP' } }] } },
      'spec.volumes[0].downwardAPI.items[0]',
    ],
    [{ downwardAPI: { items: [{ path: 'x' }] } }, 'spec.volumes[0].downwardAPI.items[0]'],
    [
      {
        downwardAPI: {
          items: [{ path: 'x', resourceFieldRef: { containerName: 'who', resource: 'limits.cpu' } }],
        },
      },
      'spec.volumes[0].downwardAPI.items[0]',
    ],
  ])('%j', (source, field) => {
    const outcome = resolve(podOf({ volumes: [{ name: 'all', ...source }] }), existing);
    expect(outcome.kind).toBe('invalid');
    expect(problems(podOf({ volumes: [{ name: 'all', ...source }] }), existing)[0]).toContain(`${field}: `);
  });

  test('it weighs more than what is missing', () => {
    const volumes = [
      { name: 'a', configMap: { name: 'nope' } },
      { name: 'b', hostPath: { path: '/' } },
    ];
    expect(resolve(podOf({ volumes })).kind).toBe('invalid');
  });
});

describe('mounts', () => {
  const volumes = [
    { name: 'scratch', emptyDir: {} },
    { name: 'conf', configMap: { name: 'settings' } },
  ];

  test('files are read-only, scratch space is not', () => {
    const volumeMounts = [
      { name: 'scratch', mountPath: '/a' },
      { name: 'scratch', mountPath: '/b', readOnly: true, subPath: 'x/y' },
      { name: 'conf', mountPath: '/c', readOnly: false },
    ];
    const [main] = resolved(podWith({ volumeMounts }, { volumes }), existing).spec.containers;
    expect(main?.mounts).toEqual([
      { volume: 'scratch', mountPath: '/a', readOnly: false },
      { volume: 'scratch', mountPath: '/b', readOnly: true, subPath: 'x/y' },
      { volume: 'conf', mountPath: '/c', readOnly: true },
    ]);
  });

  test('subPathExpr is expanded; while it leads nowhere the container waits', () => {
    const env = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const mount = (subPathExpr: string) =>
      podWith({ env, volumeMounts: [{ name: 'scratch', mountPath: '/a', subPathExpr }] }, { volumes });
    const [main] = resolved(mount('logs/$(POD)'), existing).spec.containers;
    expect(main?.mounts[0]?.subPath).toBe('logs/web-0');
    const waits = (expression: string) => resolve(mount(expression), existing);
    expect(waits('$(NOPE)')).toMatchObject({
      kind: 'missing',
      missing: [{ message: 'missing value for NOPE' }],
    });
    expect(waits('/$(POD)')).toMatchObject({ missing: [{ reason: 'CreateContainerConfigError' }] });
    expect(waits('$(POD)/../..')).toMatchObject({
      missing: [{ message: expect.stringContaining("contain '..'") }],
    });
  });

  test('a mount of no volume is invalid', () => {
    const mount = { name: 'nope', mountPath: '/a' };
    expect(problems(podWith({ volumeMounts: [mount] }, { volumes }), existing)[0]).toContain(
      'there is no volume "nope"',
    );
  });
});
