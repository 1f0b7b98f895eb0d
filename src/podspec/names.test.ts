import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../kube/types.ts';
import { podDns } from './dns.ts';
import { hostNames } from './hostname.ts';
import { Issues } from './issues.ts';
import { context, podOf } from './testing/resolving.ts';

const { dns: node } = context;
const cluster = {
  nameservers: ['10.96.0.10'],
  searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
  options: [{ name: 'ndots', value: '5' }],
};

function dnsOf(spec: Partial<PodSpec>, at = node): { dns: ReturnType<typeof podDns>; warnings: string[] } {
  const issues = new Issues();
  const dns = podDns(podOf(spec), at, issues);
  return { dns, warnings: issues.warnings.map(({ reason }) => reason) };
}

describe('DNS', () => {
  test.each<[Partial<PodSpec>, object]>([
    [{}, cluster],
    [{ dnsPolicy: 'ClusterFirst' }, cluster],
    [{ dnsPolicy: 'Unheard' }, cluster],
    [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, node.host],
    [{ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, cluster],
    [{ dnsPolicy: 'Default' }, node.host],
    [{ dnsPolicy: 'None' }, { nameservers: [], searches: [], options: [] }],
  ])('%j', (spec, expected) => {
    expect(dnsOf(spec)).toEqual({ dns: expected, warnings: [] });
  });

  test('dnsConfig is added, repetitions are dropped, options are merged by name', () => {
    const dnsConfig = {
      nameservers: ['10.96.0.10', '192.0.2.1'],
      searches: ['cluster.local', 'own.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    };
    expect(dnsOf({ dnsConfig }).dns).toEqual({
      nameservers: ['10.96.0.10', '192.0.2.1'],
      searches: [...cluster.searches, 'own.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    });
  });

  test('without a DNS service the host serves, with a warning', () => {
    const alone = { ...node, clusterDns: [] };
    expect(dnsOf({}, alone)).toEqual({ dns: node.host, warnings: ['MissingClusterDNS'] });
    expect(dnsOf({ dnsPolicy: 'Default' }, alone).warnings).toEqual([]);
  });

  test('without a domain only the searches of the host', () => {
    expect(dnsOf({}, { ...node, clusterDomain: '' }).dns.searches).toEqual(['example.com']);
  });

  test('the limits of resolvers are kept, with a warning', () => {
    const nameservers = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    const many = dnsOf({ dnsConfig: { nameservers } });
    expect(many).toMatchObject({ warnings: ['DNSConfigForming'] });
    expect(many.dns.nameservers).toEqual(['10.96.0.10', '192.0.2.1', '192.0.2.2']);
    const searches = Array.from({ length: 40 }, (_, index) => `d${index}`);
    expect(dnsOf({ dnsPolicy: 'None', dnsConfig: { searches } }).dns.searches).toHaveLength(32);
    const long = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(200, 'x'));
    const line = dnsOf({ dnsPolicy: 'None', dnsConfig: { searches: long } }).dns.searches;
    expect(line.join(' ').length).toBeLessThanOrEqual(2048);
    expect(line).toHaveLength(10);
    expect(dnsOf({ dnsPolicy: 'None', dnsConfig: { searches: ['x'.repeat(254)] } }).dns.searches).toEqual([]);
  });
});

describe('host names', () => {
  test.each<[Partial<PodSpec>, string, object]>([
    [{}, 'web-0', { hostname: 'web-0' }],
    [{ hostname: 'own' }, 'web-0', { hostname: 'own' }],
    [{ subdomain: 'pods' }, 'web-0', { hostname: 'web-0', fqdn: 'web-0.pods.shop.svc.cluster.local' }],
    [
      { hostname: 'own', subdomain: 'pods', setHostnameAsFQDN: true },
      'web-0',
      { hostname: 'own.pods.shop.svc.cluster.local', fqdn: 'own.pods.shop.svc.cluster.local' },
    ],
    [{ setHostnameAsFQDN: true }, 'web-0', { hostname: 'web-0' }],
    [{ hostnameOverride: 'db.example.com', hostname: 'own' }, 'web-0', { hostname: 'db.example.com' }],
    [{}, `${'x'.repeat(61)}-.${'y'.repeat(20)}`, { hostname: 'x'.repeat(61) }],
    [{}, 'z'.repeat(80), { hostname: 'z'.repeat(63) }],
  ])('%j of %s', (spec, name, expected) => {
    expect(hostNames(podOf(spec, { name }), 'cluster.local', new Issues())).toEqual(expected);
  });

  test('an FQDN too long for a host name is invalid', () => {
    const issues = new Issues();
    const spec = { hostname: 'h'.repeat(40), subdomain: 'pods', setHostnameAsFQDN: true };
    hostNames(podOf(spec), 'cluster.local', issues);
    expect(issues.invalid[0]).toMatchObject({ reason: 'InvalidPodSpec', field: 'spec.setHostnameAsFQDN' });
  });
});
