import { expect, it } from 'vitest';
import { objectsInEphemeral } from './referenced-objects.ts';
import { resolveEphemeral } from './resolve-ephemeral.ts';
import { context, podOf, references } from './testing/resolving.ts';

const pod = podOf({
  volumes: [{ name: 'data', emptyDir: {} }],
  securityContext: { runAsUser: 7 },
  ephemeralContainers: [
    {
      name: 'shell',
      image: 'tools',
      targetContainerName: 'main',
      command: ['sh', '-c', 'echo $(WHO)'],
      env: [{ name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
      stdin: true,
      tty: true,
    },
    { name: 'lacking', image: 'tools', envFrom: [{ configMapRef: { name: 'm' } }] },
    { name: 'wrong', image: 'tools', volumeMounts: [{ name: 'none', mountPath: '/x' }] },
  ],
});

it('is resolved as any container, each for itself', () => {
  const found = resolveEphemeral(pod, ['shell', 'lacking', 'wrong'], references(), context);
  expect(found.get('shell')).toMatchObject({
    kind: 'container',
    spec: {
      ...{ name: 'shell', image: 'tools', targetContainer: 'main', stdin: true, tty: true },
      command: ['sh', '-c', 'echo web-0'],
      mounts: [{ volume: 'data', mountPath: '/data' }],
      securityContext: { runAsUser: 7 },
    },
  });
  expect(found.get('lacking')).toMatchObject({
    kind: 'missing',
    missing: [{ kind: 'ConfigMap', name: 'm', message: 'configmap "m" not found' }],
  });
  expect(found.get('wrong')).toMatchObject({
    kind: 'invalid',
    invalid: [{ field: 'spec.ephemeralContainers[2].volumeMounts[0].name' }],
  });
  expect([...resolveEphemeral(pod, ['wrong'], references(), context).keys()]).toEqual(['wrong']);
});

it('refers to what those that are asked about refer to', () => {
  expect(objectsInEphemeral(pod, ['shell'])).toEqual([]);
  expect(objectsInEphemeral(pod, ['lacking'])).toMatchObject([{ kind: 'ConfigMap', name: 'm' }]);
});
