import { describe, expect, test } from 'vitest';
import { podIpMarker, podIpsMarker } from '../../providers/contract/index.ts';
import { fieldForFile, fieldForVariable, resourceAmount } from './downward.ts';
import { context, podOf, podWith, problems, resolved } from './testing/resolving.ts';

const pod = podOf(
  { serviceAccountName: 'clerk' },
  {
    labels: { app: 'web', 'example.com/tier': "o'clock" },
    annotations: { note: 'two\nlines "quoted"', a: '' },
  },
);

describe('fields for variables', () => {
  test.each([
    ['metadata.name', 'web-0'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u-1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['example.com/tier']", "o'clock"],
    ["metadata.labels['constructor']", ''],
    ["metadata.annotations['note']", 'two\nlines "quoted"'],
    ['spec.nodeName', 'burst-0'],
    ['spec.serviceAccountName', 'clerk'],
    ['status.hostIP', '10.0.0.1'],
    ['status.hostIPs', '10.0.0.1,fd00::1'],
    ['status.podIP', podIpMarker],
    ['status.podIPs', podIpsMarker],
  ])('%s', (path, value) => {
    expect(fieldForVariable(pod, path, context)).toEqual({ value });
  });

  test.each(['metadata.labels', 'metadata.labels[app]', 'status.phase', 'spec', ''])('%s is none', (path) => {
    expect(fieldForVariable(pod, path, context)).toHaveProperty('problem');
  });

  test('the marker reaches commands by way of a variable', () => {
    const env = [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
    const [main] = resolved(podWith({ env, args: ['--bind=$(IP):80'] })).spec.containers;
    expect(main?.args).toEqual([`--bind=${podIpMarker}:80`]);
  });

  test('what is none makes the Pod invalid, by field', () => {
    const env = [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }];
    expect(problems(podWith({ env }))).toEqual([
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: "status.phase" is not a field that the downward API has',
    ]);
  });
});

describe('fields for files', () => {
  test.each([
    ['metadata.labels', `app="web"\nexample.com/tier="o'clock"`],
    ['metadata.annotations', 'a=""\nnote="two\\nlines \\"quoted\\""'],
    ["metadata.labels['app']", 'web'],
  ])('%s', (path, value) => {
    expect(fieldForFile(pod, path)).toEqual({ value });
  });

  test.each(['spec.nodeName', 'status.podIP', 'status.hostIP'])('%s is for variables only', (path) => {
    expect(fieldForFile(pod, path)).toHaveProperty('problem');
  });
});

describe('amounts', () => {
  const container = {
    name: 'main',
    resources: { limits: { cpu: '1500m', 'hugepages-2Mi': '4Mi' }, requests: { memory: '100Mi' } },
  };

  test.each([
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1500'],
    ['limits.cpu', '1', '2'],
    ['limits.cpu', '0', '2'],
    ['requests.cpu', '1m', '1500'],
    ['requests.memory', undefined, '104857600'],
    ['requests.memory', '1Mi', '100'],
    ['requests.memory', '1M', '105'],
    ['requests.memory', '1Gi', '1'],
    ['limits.memory', '1Gi', '16'],
    ['limits.ephemeral-storage', '1Gi', '64'],
    ['requests.ephemeral-storage', '1Gi', '0'],
    ['limits.hugepages-2Mi', '1Mi', '4'],
    ['requests.hugepages-1Gi', undefined, '0'],
  ])('%s by %s is %s', (resource, divisor, value) => {
    const reference = divisor === undefined ? { resource } : { resource, divisor };
    expect(resourceAmount(container, reference, context.allocatable)).toEqual({ value });
  });

  test.each([
    ['limits', undefined],
    ['limits.gpu', undefined],
    ['usage.cpu', undefined],
    ['limits.cpu', 'many'],
    ['limits.cpu', '-1'],
  ])('%s by %s is none', (resource, divisor) => {
    const reference = divisor === undefined ? { resource } : { resource, divisor };
    expect(resourceAmount(container, reference, context.allocatable)).toHaveProperty('problem');
  });

  test('a variable may name another container', () => {
    const spec = podOf({
      containers: [
        {
          name: 'main',
          image: 'x',
          env: [
            { name: 'OWN', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
            {
              name: 'OTHER',
              valueFrom: { resourceFieldRef: { resource: 'limits.cpu', containerName: 'big' } },
            },
          ],
        },
        { name: 'big', image: 'x', resources: { limits: { cpu: '3' } } },
      ],
    });
    expect(resolved(spec).spec.containers[0]?.env.map(({ value }) => value)).toEqual(['8', '3']);
  });
});
