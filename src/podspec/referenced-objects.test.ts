import { expect, test } from 'vitest';
import { referencedObjects, referencedTokens } from './referenced-objects.ts';
import { podOf } from './testing/resolving.ts';

test('every object once; optional only when every reference is', () => {
  const pod = podOf({
    initContainers: [{ name: 'prepare', envFrom: [{ configMapRef: { name: 'a', optional: true } }] }],
    containers: [
      {
        name: 'main',
        envFrom: [{ secretRef: { name: 's1' } }],
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'k' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 's2', key: 'k', optional: true } } },
          { name: 'C', value: 'x' },
        ],
      },
    ],
    volumes: [
      { name: 'v1', configMap: { name: 'b', optional: true } },
      { name: 'v2', secret: { secretName: 's3' } },
      {
        name: 'v3',
        projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's1', optional: true } }] },
      },
      { name: 'v4', emptyDir: {} },
    ],
    imagePullSecrets: [{ name: 'pull' }, {}],
  });
  const found = referencedObjects(pod).map(
    ({ kind, name, optional }) => `${kind} ${name}${optional ? '?' : ''}`,
  );
  expect(found.toSorted()).toEqual([
    'ConfigMap a',
    'ConfigMap b?',
    'ConfigMap c',
    'Secret pull?',
    'Secret s1',
    'Secret s2?',
    'Secret s3',
  ]);
  expect(referencedObjects(pod).every(({ namespace }) => namespace === 'shop')).toBe(true);
});

test('tokens, with the defaults of the API', () => {
  const pod = podOf({
    serviceAccountName: 'clerk',
    volumes: [
      { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'a/token' } }] } },
      {
        name: 'w',
        projected: {
          sources: [{ serviceAccountToken: { path: 't', audience: 'vault', expirationSeconds: 600 } }],
        },
      },
    ],
  });
  expect(referencedTokens(pod)).toEqual([
    { key: 'v/a/token', serviceAccount: 'clerk', audience: '', expirationSeconds: 3600 },
    { key: 'w/t', serviceAccount: 'clerk', audience: 'vault', expirationSeconds: 600 },
  ]);
  expect(referencedTokens(podOf())).toEqual([]);
});
