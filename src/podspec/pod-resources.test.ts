import { describe, expect, test } from 'vitest';
import type { Container, PodSpec } from '../kube/types.ts';
import { podQosClass, podRequests } from './pod-resources.ts';
import { podOf } from './testing/resolving.ts';

function asking(cpu: string, restartPolicy?: string): Container {
  const resources = { requests: { cpu } };
  return { name: `c${cpu}`, resources, ...(restartPolicy === undefined ? {} : { restartPolicy }) };
}

/** The examples of the sidecar proposal (KEP-753), and the neighbours where they break. */
describe('requests', () => {
  test.each<[string, Partial<PodSpec>, number | undefined]>([
    ['nothing asked for', { containers: [{ name: 'main' }] }, undefined],
    ['containers add up', { containers: [asking('1'), asking('500m')] }, 1500],
    [
      'init containers run alone',
      { containers: [asking('1')], initContainers: [asking('2'), asking('3')] },
      3000,
    ],
    [
      'the containers are more',
      { containers: [asking('2'), asking('2')], initContainers: [asking('3')] },
      4000,
    ],
    [
      'sidecars add to the containers',
      { containers: [asking('1')], initContainers: [asking('2', 'Always')] },
      3000,
    ],
    [
      'a later init container runs beside an earlier sidecar',
      { containers: [asking('1')], initContainers: [asking('2', 'Always'), asking('5')] },
      7000,
    ],
    [
      'an earlier init container does not',
      { containers: [asking('1')], initContainers: [asking('5'), asking('2', 'Always')] },
      5000,
    ],
    [
      'between two sidecars',
      {
        containers: [asking('1')],
        initContainers: [asking('1', 'Always'), asking('5'), asking('1', 'Always')],
      },
      6000,
    ],
    ['overhead comes on top', { containers: [asking('1')], overhead: { cpu: '250m' } }, 1250],
    [
      'the Pod level stands for its containers',
      { containers: [asking('1')], resources: { requests: { cpu: '4' } }, overhead: { cpu: '1' } },
      5000,
    ],
    [
      'a limit without a request is one',
      { containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] },
      2000,
    ],
  ])('%s', (_name, spec, cpuMillis) => {
    expect(podRequests(podOf(spec)).cpuMillis).toBe(cpuMillis);
  });

  test('each resource has its own neediest moment', () => {
    const spec = {
      containers: [
        { name: 'main', resources: { requests: { cpu: '2', memory: '1Gi', 'example.com/x': '1' } } },
      ],
      initContainers: [{ name: 'init', resources: { requests: { cpu: '1', memory: '2Gi' } } }],
      resources: { requests: { 'example.com/x': '9' } },
    };
    expect(podRequests(podOf(spec))).toEqual({
      cpuMillis: 2000,
      memoryBytes: 2 ** 31,
      extended: { 'example.com/x': 1 },
    });
  });

  test('fractions of the smallest unit count as a whole one', () => {
    const spec = { containers: [asking('100u'), asking('100u')] };
    expect(podRequests(podOf(spec)).cpuMillis).toBe(1);
  });
});

describe('QoS class', () => {
  const sized = (requests?: object, limits?: object): Container =>
    ({ name: 'c', resources: { requests, limits } }) as Container;
  const full = { cpu: '1', memory: '1Gi' };

  test.each<[string, Partial<PodSpec>, string]>([
    ['nothing', { containers: [{ name: 'c' }] }, 'BestEffort'],
    ['zero', { containers: [sized({ cpu: '0' })] }, 'BestEffort'],
    ['other resources', { containers: [sized({ 'example.com/x': '1' })] }, 'BestEffort'],
    ['requests', { containers: [sized({ cpu: '1' })] }, 'Burstable'],
    ['limits alone', { containers: [sized(undefined, full)] }, 'Guaranteed'],
    ['equal in other words', { containers: [sized({ cpu: '1000m', memory: '1024Mi' }, full)] }, 'Guaranteed'],
    ['half limits', { containers: [sized(undefined, { cpu: '1' })] }, 'Burstable'],
    ['less requested', { containers: [sized({ cpu: '1m' }, full)] }, 'Burstable'],
    ['one container without', { containers: [sized(full, full), { name: 'd' }] }, 'Burstable'],
    [
      'an init container without',
      { containers: [sized(full, full)], initContainers: [{ name: 'i' }] },
      'Burstable',
    ],
    ['the Pod level decides', { containers: [{ name: 'c' }], resources: { limits: full } }, 'Guaranteed'],
  ])('%s', (_name, spec, expected) => {
    expect(podQosClass(podOf(spec))).toBe(expected);
  });
});
