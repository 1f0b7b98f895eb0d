import { expect, test } from 'vitest';
import { plainContainer } from './conformance/plain-spec.ts';
import { podIpMarker, podIpsMarker, withPodIps } from './pod-ips.ts';

const container = plainContainer('main', 'busybox', {
  command: ['serve', `--bind=${podIpMarker}:80`],
  args: [`${podIpMarker}${podIpMarker}`],
  env: [
    { name: 'IPS', value: podIpsMarker, secret: false },
    { name: 'PLAIN', value: 'podIP', secret: true },
  ],
  mounts: [{ volume: 'data', mountPath: '/data', readOnly: false, subPath: `of-${podIpMarker}` }],
});

test('the addresses of the instance take the place of their markers', () => {
  const filled = withPodIps(container, ['10.0.0.7', 'fd00::7']);
  expect(filled.command).toEqual(['serve', '--bind=10.0.0.7:80']);
  expect(filled.args).toEqual(['10.0.0.710.0.0.7']);
  expect(filled.env).toEqual([
    { name: 'IPS', value: '10.0.0.7,fd00::7', secret: false },
    { name: 'PLAIN', value: 'podIP', secret: true },
  ]);
  expect(filled.mounts[0]?.subPath).toBe('of-10.0.0.7');
});

test('without an address nothing of the marker is left', () => {
  expect(JSON.stringify(withPodIps(container, []))).not.toContain('podIP\\u0000');
});
