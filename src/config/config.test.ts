import { describe, expect, test } from 'vitest';
import { nodeLabels } from '../node/node-object.ts';
import { parseConfigFile } from './config-file.ts';
import { readNodeDns } from './host-dns.ts';
import { ownLabels } from './node-checks.ts';
import { settingsOfFile, settingsOfFlags } from './settings-of.ts';

const head = 'apiVersion: burstlet.dev/v1alpha1\nkind: Config\n';

function fails(text: string): string {
  try {
    settingsOfFile(parseConfigFile(text, 'burstlet.yaml'));
  } catch (error) {
    return String(error);
  }
  return 'no error';
}

describe('burstlet.yaml', () => {
  test('fills in the defaults', () => {
    const text = `${head}nodes:\n  - name: burst-0\n    provider: mock\n    capacity: { cpu: 10, memory: 1Gi }\n`;
    const settings = settingsOfFile(parseConfigFile(text, 'f'));
    expect(settings.nodes[0]).toMatchObject({
      listen: { host: '0.0.0.0', port: 10250 },
      taint: true,
      capacity: { cpu: '10', memory: '1Gi' },
    });
  });

  test('says what becomes of Pods for which there is no stock', () => {
    const settings = (outOfStock: string) =>
      settingsOfFile(
        parseConfigFile(`${head}nodes:\n  - { name: a, provider: mock, outOfStock: ${outOfStock} }\n`, 'f'),
      ).nodes[0]?.outOfStock;
    expect(settings('{ onDeadline: fail }')).toEqual({ deadlineMs: 600_000, onDeadline: 'fail' });
    expect(settings('{ deadlineSeconds: 30 }')).toEqual({ deadlineMs: 30_000, onDeadline: 'wait' });
    const bad = `${head}nodes:\n  - { name: a, provider: mock, outOfStock: { onDeadline: retry } }\n`;
    expect(fails(bad)).toContain('nodes[0].outOfStock.onDeadline: must be one of wait, fail');
  });

  test('names what Pods may run without, and nothing that they would miss', () => {
    const node = (names: string) => `${head}nodes:\n  - { name: a, provider: mock, unenforced: ${names} }\n`;
    const settings = (names: string) => settingsOfFile(parseConfigFile(node(names), 'f')).nodes[0];
    expect(settings('[seccompProfile, capabilities.drop]')?.unenforced).toEqual([
      'seccompProfile',
      'capabilities.drop',
    ]);
    expect(settings('[]')?.unenforced).toBeUndefined();
    const lines = fails(node('[seccompProfile, privileged, hostPort]')).split('\n');
    expect(lines).toEqual([
      expect.stringMatching(
        /burstlet.yaml:4: nodes\[0\].unenforced\[1\]: "privileged" cannot be left out\. .*: allowPrivilegeEscalation, appArmorProfile, capabilities\.drop, /,
      ),
      expect.stringContaining('nodes[0].unenforced[2]: "hostPort" cannot be left out'),
    ]);
    expect(fails(node('seccompProfile'))).toContain('nodes[0].unenforced: must be array');
    expect(fails(node('[seccompProfile, seccompProfile]'))).toContain('must NOT have duplicate items');
  });

  test.each([
    [
      `${head}nodes:\n  - name: burst-0\n    provder: mock\n`,
      'burstlet.yaml:5: nodes[0].provder: unknown key; known here: name, provider',
    ],
    [`${head}nodes:\n  - name: burst-0\n`, 'burstlet.yaml:4: nodes[0]: the key "provider" is missing'],
    [
      `${head}logLevel: loud\nnodes:\n  - { name: a, provider: mock }\n`,
      'burstlet.yaml:3: logLevel: must be one of debug, info, warn, error',
    ],
    [`${head}nodes: []\n`, 'burstlet.yaml:3: nodes: must NOT have fewer than 1 items'],
    [
      `${head}nodes:\n  - { name: a, provider: mock, taint: 3 }\n`,
      'burstlet.yaml:4: nodes[0].taint: must be boolean',
    ],
    [
      'apiVersion: v1\nkind: Config\nnodes: [{ name: a, provider: mock }]\n',
      'burstlet.yaml:1: apiVersion: must be burstlet.dev/v1alpha1',
    ],
    [`${head}nodes: [\n`, 'burstlet.yaml:'],
    [`${head}kind: Config\n`, 'burstlet.yaml:3: Map keys must be unique'],
    [
      `${head}nodes:\n  - { name: a, provider: mock }\n  - { name: a, provider: mock, listen: '0.0.0.0:10251' }\n`,
      'burstlet.yaml:5: nodes[1].name: a is the name of an earlier node too',
    ],
    [
      `${head}nodes:\n  - { name: a, provider: mock }\n  - { name: b, provider: mock }\n`,
      'burstlet.yaml:5: nodes[1].listen: port 10250 is taken',
    ],
    [
      `${head}dns: { nameservers: [10.96.0.10, dns.example] }\nnodes:\n  - { name: a, provider: mock }\n`,
      'burstlet.yaml:3: dns.nameservers[1]: "dns.example" is not an IP address',
    ],
    [
      `${head}dns: { nameservers: [] }\nnodes:\n  - { name: a, provider: mock }\n`,
      'burstlet.yaml:3: dns.nameservers: must NOT have fewer than 1 items',
    ],
    [
      `${head}dns: { domain: Cluster.Local. }\nnodes:\n  - { name: a, provider: mock }\n`,
      'burstlet.yaml:3: dns.domain: "Cluster.Local." is not a domain',
    ],
    [
      `${head}tls: { certFile: a.pem }\nnodes:\n  - { name: a, provider: mock }\n`,
      'burstlet.yaml:3: tls.certFile is of no use alone',
    ],
    ...(
      [
        ['name: Bad_Name', 'name: "Bad_Name" cannot be the name of a Node'],
        ['name: a..b', 'name: "a..b" cannot be the name of a Node'],
        [`name: ${'a'.repeat(64)}`, 'cannot be the name of a Node'],
        ['name: a, address: here.example', 'address: "here.example" is not an IP address'],
        ['name: a, labels: { "a b": x }', 'labels["a b"]: not the key of a label'],
        ['name: a, labels: { "a/b/c": x }', 'labels["a/b/c"]: not the key of a label'],
        ['name: a, labels: { zone: "a b" }', 'labels.zone: "a b" is not the value of a label'],
        ['name: a, labels: { type: x }', 'labels.type: Burstlet sets this label by itself'],
        ['name: a, capacity: { cpus: 4 }', 'capacity.cpus: not a resource; there are cpu, memory'],
      ] as const
    ).map(([entry, message]): [string, string] => [
      `${head}nodes:\n  - { provider: mock, ${entry} }\n`,
      `${entry.includes('aaaa') ? '' : 'burstlet.yaml:4: nodes[0].'}${message}`,
    ]),
  ])('names file, line and key: %#', (text, message) => {
    expect(fails(text)).toContain(message);
  });
});

test('all faults of the values are told at once, each with its line', () => {
  const text = `${head}dns:
  domain: Upper
  nameservers:
    - 10.96.0.10
    - here
nodes:
  - name: Bad
    provider: mock
    listen: nowhere
    labels:
      a b: x
      zone: a b
  - name: b
    provider: mock
    listen: 0.0.0.0:10251
    capacity:
      cpu: 4
      cpus: 4
  - name: b
    provider: mock
tls:
  keyFile: k.pem
`;
  const lines = fails(text).split('\n');
  expect(lines.map((line) => /burstlet.yaml:\d+: [^:]*?(?=:| is of)/.exec(line)?.[0])).toEqual([
    'burstlet.yaml:9: nodes[0].name',
    'burstlet.yaml:13: nodes[0].labels["a b"]',
    'burstlet.yaml:14: nodes[0].labels.zone',
    'burstlet.yaml:11: nodes[0].listen',
    'burstlet.yaml:20: nodes[1].capacity.cpus',
    'burstlet.yaml:21: nodes[2].name',
    'burstlet.yaml:7: dns.nameservers[1]',
    'burstlet.yaml:4: dns.domain',
    'burstlet.yaml:24: tls.keyFile',
  ]);
});

test('a key that YAML takes for a boolean is to be quoted', () => {
  const entry = (key: string): string =>
    `${head}nodes:\n  - name: a\n    provider: mock\n    labels:\n      ${key}: x\n`;
  expect(fails(entry('y'))).toContain('burstlet.yaml:7: the key y means true in YAML; write "y" in quotes');
  expect(fails(entry('Off'))).toContain('the key Off means false');
  expect(fails(entry('"y"'))).toBe('no error');
});

test('labels, addresses and resources as Kubernetes has them are taken', () => {
  const labels = '{ team: "", topology.kubernetes.io/zone: zone-a, example.com/a_b.c: "1.2_x" }';
  const node = `{ name: a.b-1, provider: mock, address: 'fd00::1', labels: ${labels}, capacity: { example.com/gpu: 2 } }`;
  expect(fails(`${head}nodes: [${node}]\n`)).toBe('no error');
});

test('the labels that a file may not set are those that the node sets', () => {
  const empty = {
    provider: 'mock',
    address: '',
    kubeletPort: 0,
    taint: false,
    os: '',
    arch: '',
    version: '',
  };
  expect(ownLabels.toSorted()).toEqual(
    Object.keys(nodeLabels({ name: '', labels: {}, ...empty })).toSorted(),
  );
});

describe('the DNS of the cluster', () => {
  const nodes = 'nodes:\n  - { name: a, provider: mock }\n';
  const told = (dns: string) =>
    readNodeDns(settingsOfFile(parseConfigFile(`${head}${dns}${nodes}`, 'f')).dns);

  test('is what the file says', async () => {
    expect(await told("dns:\n  nameservers: [10.0.0.10, 'fd00::a']\n  domain: corp.example\n")).toMatchObject(
      {
        clusterDns: ['10.0.0.10', 'fd00::a'],
        clusterDomain: 'corp.example',
      },
    );
  });

  test('is to be found out where it says nothing', async () => {
    const unnamed = { clusterDns: [], clusterDomain: 'cluster.local' };
    expect(await told('')).toMatchObject(unnamed);
    expect(await told('dns: { domain: corp.example }\n')).toMatchObject({
      ...unnamed,
      clusterDomain: 'corp.example',
    });
  });
});

describe('flags', () => {
  test('make one node', () => {
    const settings = settingsOfFlags({ provider: './my-provider.js', listen: '[::1]:0', taint: false });
    expect(settings.nodes).toMatchObject([
      { name: 'burstlet-my-provider', listen: { host: '::1', port: 0 }, taint: false },
    ]);
  });

  test('name a Node as nodes can be named', () => {
    expect(() => settingsOfFlags({ provider: 'mock', nodeName: 'Burst_0' })).toThrow(
      '--node-name: "Burst_0" cannot be the name of a Node',
    );
    expect(() => settingsOfFlags({ provider: './my_provider.js' })).toThrow('"burstlet-my_provider"');
  });

  test('without a provider say what is missing', () => {
    expect(() => settingsOfFlags({})).toThrow('--provider');
    expect(() => settingsOfFlags({ provider: 'mock', listen: 'nowhere' })).toThrow(
      '--listen: "nowhere" is not an address',
    );
  });
});
