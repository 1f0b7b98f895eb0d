import { configMaps, secrets } from '../../../src/kube/resources.ts';
import type { Container, PodSpec } from '../../../src/kube/types.ts';
import { both, condition, ended, type OracleCase, once, pod, shell, waits } from '../case.ts';

const tells = 'env | grep ^SEEN | sort > /dev/termination-log';
const fromKey = (name: string, key: string, optional = false): NonNullable<Container['env']> => [
  { name: 'SEEN', valueFrom: { configMapKeyRef: { name, key, optional } } },
];
const fromSecret = (name: string, key: string): NonNullable<Container['env']> => [
  { name: 'SEEN', valueFrom: { secretKeyRef: { name, key } } },
];
const mounted = (
  volume: NonNullable<PodSpec['volumes']>[number],
  script: string,
  more: Partial<Container> = {},
): { spec: PodSpec } =>
  pod(shell(script, { volumeMounts: [{ name: volume.name, mountPath: '/v' }], ...more }), {
    ...once,
    volumes: [volume],
  });
const creating = both(waits('ContainerCreating'), condition('PodScheduled', 'True'));
const listing =
  'cd /v; for f in *; do echo $f $(stat -Lc "%a %u %g" $f) $(cat $f); done > /dev/termination-log';

/** ConfigMaps and Secrets that are there, are not, or come later; volumes. */
export const references: readonly OracleCase[] = [
  {
    name: 'configmap-missing',
    ...pod(shell(tells, { env: fromKey('none', 'k') })),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'configmap-of-env-from-missing',
    ...pod(shell(tells, { envFrom: [{ configMapRef: { name: 'none' } }] })),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'configmap-key-missing',
    ...pod(shell(tells, { env: fromKey('cm-key-missing', 'other') })),
    configMaps: [{ metadata: { name: 'cm-key-missing' }, data: { k: 'v' } }],
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'configmap-optional',
    ...pod(
      shell(tells, {
        env: fromKey('none', 'k', true),
        envFrom: [{ configMapRef: { name: 'none', optional: true } }],
      }),
      once,
    ),
    until: ended,
  },
  {
    name: 'configmap-env',
    ...pod(
      shell(tells, {
        env: fromKey('cm-env', 'k'),
        envFrom: [{ prefix: 'SEEN_', configMapRef: { name: 'cm-env' } }],
      }),
      once,
    ),
    configMaps: [{ metadata: { name: 'cm-env' }, data: { k: 'v', other: 'w' } }],
    until: ended,
  },
  {
    name: 'secret-missing',
    ...pod(shell(tells, { env: fromSecret('none', 'k') })),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'secret-key-missing',
    ...pod(shell(tells, { env: fromSecret('sec-key-missing', 'other') })),
    secrets: [{ metadata: { name: 'sec-key-missing' }, stringData: { k: 'v' } }],
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'secret-env',
    ...pod(shell(tells, { env: fromSecret('sec-env', 'k') }), once),
    secrets: [{ metadata: { name: 'sec-env' }, stringData: { k: 'v' } }],
    until: ended,
  },
  {
    name: 'configmap-of-init-missing',
    ...pod(shell('sleep 600'), {
      initContainers: [shell(tells, { name: 'first', env: fromKey('none', 'k') })],
    }),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'configmap-missing-beside-one-that-runs',
    ...pod([shell(tells, { name: 'bad', env: fromKey('none', 'k') }), shell('sleep 600', { name: 'good' })]),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'configmap-comes-later',
    ...pod(shell(tells, { env: fromKey('cm-later', 'k') }), once),
    steps: [
      {
        when: waits('CreateContainerConfigError'),
        act: ({ create }) => create(configMaps, { metadata: { name: 'cm-later' }, data: { k: 'late' } }),
      },
    ],
    until: ended,
    seconds: 150,
  },
  {
    name: 'secret-volume-comes-later',
    ...mounted({ name: 'v', secret: { secretName: 'sec-later' } }, listing),
    steps: [
      {
        when: creating,
        act: ({ create }) => create(secrets, { metadata: { name: 'sec-later' }, stringData: { k: 'late' } }),
      },
    ],
    until: ended,
    seconds: 150,
  },
  {
    name: 'configmap-volume-missing',
    ...mounted({ name: 'v', configMap: { name: 'none' } }, listing),
    until: creating,
  },
  {
    name: 'configmap-volume-key-missing',
    ...mounted({ name: 'v', configMap: { name: 'cm-vkm', items: [{ key: 'none', path: 'p' }] } }, listing),
    configMaps: [{ metadata: { name: 'cm-vkm' }, data: { k: 'v' } }],
    until: creating,
  },
  {
    name: 'configmap-volume-optional',
    ...mounted({ name: 'v', configMap: { name: 'none', optional: true } }, 'ls /v > /dev/termination-log'),
    until: ended,
  },
  {
    name: 'configmap-volume',
    ...mounted(
      {
        name: 'v',
        configMap: {
          name: 'cm-v',
          items: [
            { key: 'k', path: 'a', mode: 0o400 },
            { key: 'l', path: 'b' },
          ],
        },
      },
      listing,
    ),
    configMaps: [{ metadata: { name: 'cm-v' }, data: { k: 'v', l: 'w' } }],
    until: ended,
  },
  {
    name: 'secret-volume',
    ...mounted({ name: 'v', secret: { secretName: 'sec-v', defaultMode: 0o440 } }, listing),
    secrets: [{ metadata: { name: 'sec-v' }, stringData: { k: 'v' } }],
    until: ended,
  },
  {
    name: 'downward-volume',
    ...mounted(
      {
        name: 'v',
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
            {
              path: 'memory',
              resourceFieldRef: { containerName: 'main', resource: 'limits.memory', divisor: '1' },
            },
          ],
        },
      },
      listing,
      { resources: { limits: { memory: '64Mi' } } },
    ),
    metadata: { labels: { a: 'b', c: 'd-e' } },
    until: ended,
  },
  {
    name: 'projected-volume',
    ...mounted(
      {
        name: 'v',
        projected: {
          defaultMode: 0o444,
          sources: [
            { configMap: { name: 'cm-p' } },
            { secret: { name: 'sec-p' } },
            { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      },
      listing,
    ),
    configMaps: [{ metadata: { name: 'cm-p' }, data: { c: 'v' } }],
    secrets: [{ metadata: { name: 'sec-p' }, stringData: { s: 'w' } }],
    until: ended,
  },
  {
    name: 'empty-dir',
    ...mounted({ name: 'v', emptyDir: {} }, 'stat -c "%a %u %g" /v > /dev/termination-log'),
    until: ended,
  },
  {
    name: 'empty-dir-memory',
    ...mounted(
      { name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
      '(stat -c "%a %u %g" /v; df -P /v | tail -1 | tr -s " " | cut -d" " -f1,2) > /dev/termination-log',
    ),
    until: ended,
  },
  {
    name: 'empty-dir-too-full',
    ...pod(
      shell('dd if=/dev/zero of=/v/f bs=1M count=20; sleep 600', {
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
      }),
      { volumes: [{ name: 'v', emptyDir: { sizeLimit: '5Mi' } }] },
    ),
    until: ended,
    seconds: 90,
  },
  {
    name: 'disk-too-full',
    ...pod(
      shell('dd if=/dev/zero of=/tmp/f bs=1M count=30; sleep 600', {
        resources: { limits: { 'ephemeral-storage': '10Mi' } },
      }),
    ),
    until: ended,
    seconds: 90,
  },
  {
    name: 'sub-path',
    ...pod(
      shell('(cat /one; ls /two) > /dev/termination-log', {
        volumeMounts: [
          { name: 'v', mountPath: '/one', subPath: 'k' },
          { name: 'w', mountPath: '/two', subPath: 'x/y' },
        ],
      }),
      {
        ...once,
        volumes: [
          { name: 'v', configMap: { name: 'cm-sub' } },
          { name: 'w', emptyDir: {} },
        ],
      },
    ),
    configMaps: [{ metadata: { name: 'cm-sub' }, data: { k: 'v' } }],
    until: ended,
  },
  {
    name: 'sub-path-expression',
    ...pod(
      shell('ls /w > /dev/termination-log', {
        env: [{ name: 'WHO', value: 'me' }],
        volumeMounts: [
          { name: 'w', mountPath: '/w' },
          { name: 'w', mountPath: '/two', subPathExpr: 'x-$(WHO)' },
        ],
      }),
      { ...once, volumes: [{ name: 'w', emptyDir: {} }] },
    ),
    until: ended,
  },
  {
    name: 'sub-path-expression-unknown',
    ...pod(shell('', { volumeMounts: [{ name: 'w', mountPath: '/two', subPathExpr: '$(NONE)' }] }), {
      volumes: [{ name: 'w', emptyDir: {} }],
    }),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'mount-on-a-file',
    ...pod(shell('exit 0', { volumeMounts: [{ name: 'w', mountPath: '/etc/passwd' }] }), {
      ...once,
      volumes: [{ name: 'w', emptyDir: {} }],
    }),
    until: (it) => ended(it) || waits('CreateContainerError')(it) || waits('RunContainerError')(it),
  },
  {
    name: 'token',
    ...pod(
      shell(
        'cd /var/run/secrets/kubernetes.io/serviceaccount; ls > /dev/termination-log; cat namespace >> /dev/termination-log; stat -Lc "%a %u %g" token ca.crt >> /dev/termination-log',
      ),
      { ...once, automountServiceAccountToken: true },
    ),
    until: ended,
  },
];
