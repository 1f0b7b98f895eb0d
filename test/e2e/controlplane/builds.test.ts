import { describe, expect, it } from 'vitest';
import { kubernetesModule, linkerFlags, parseVersion } from './builds.ts';

describe('a version', () => {
  it.each(['1.36.3', 'v1.36.3'])('may be written %s', (text) => {
    expect(parseVersion(text)).toBe('v1.36.3');
  });
  it.each(['1.36', 'latest', 'v2.0.0'])('may not be %s', (text) => {
    expect(() => parseVersion(text)).toThrow(`--kubernetes-version ${text}: it must look like v1.36.3`);
  });
});

it('the modules of staging/ are replaced by the published ones of the same release', () => {
  const upstream = [
    'module k8s.io/kubernetes',
    'go 1.26.0',
    'replace (',
    '\tk8s.io/api => ./staging/src/k8s.io/api',
    '\tk8s.io/kubelet => ./staging/src/k8s.io/kubelet',
    ')',
  ].join('\n');
  const lines = kubernetesModule('v1.36.3', upstream).split('\n').filter(Boolean);
  expect(lines).toEqual([
    'module burstlet.dev/controlplane',
    'go 1.26.0',
    'require k8s.io/kubernetes v1.36.3',
    'replace k8s.io/api => k8s.io/api v0.36.3',
    'replace k8s.io/kubelet => k8s.io/kubelet v0.36.3',
  ]);
});

it('the programs say which release they are', () => {
  expect(linkerFlags('v1.34.4')).toContain('-X k8s.io/component-base/version.gitVersion=v1.34.4');
  expect(linkerFlags('v1.34.4')).toContain('-X k8s.io/client-go/pkg/version.gitMinor=34');
});
