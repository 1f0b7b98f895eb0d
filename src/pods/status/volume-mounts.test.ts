import { expect, test } from 'vitest';
import { aContainer, aPod } from '../testing/objects.ts';
import { volumeMounts } from './volume-mounts.ts';

const pod = aPod({
  spec: {
    initContainers: [{ name: 'first', volumeMounts: [{ name: 'data', mountPath: '/in' }] }],
    containers: [
      {
        name: 'main',
        volumeMounts: [
          { name: 'data', mountPath: '/data', subPath: 'x' },
          { name: 'token', mountPath: '/run/token', readOnly: true },
        ],
      },
      { name: 'bare' },
    ],
  },
});

test('a status repeats the mounts of its container', () => {
  expect(volumeMounts(pod, aContainer({ name: 'main' }))).toEqual({
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'token', mountPath: '/run/token', readOnly: true, recursiveReadOnly: 'Disabled' },
    ],
  });
  expect(volumeMounts(pod, aContainer({ name: 'first', kind: 'init' }))).toEqual({
    volumeMounts: [{ name: 'data', mountPath: '/in' }],
  });
  expect(volumeMounts(pod, aContainer({ name: 'bare' }))).toEqual({});
  expect(volumeMounts(pod, aContainer({ name: 'first' }))).toEqual({});
});
