import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createDevCluster, type DevCluster } from './dev-cluster.ts';

let cluster: DevCluster;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-'));
  cluster = await createDevCluster({});
  expect(() => cluster.url).toThrow('before start()');
  await cluster.start();
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a development cluster', () => {
  it('writes a kubeconfig that only its owner reads and that leads to it', async () => {
    const file = path.join(folder, 'kubeconfig');
    await cluster.writeKubeconfig(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const config = parse(await readFile(file, 'utf8'));
    expect(config).toEqual(cluster.kubeconfig);
    const { server } = config.clusters[0].cluster;
    const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString();
    const dispatcher = new Agent({ connect: { ca } });
    const headers = { authorization: `Bearer ${config.users[0].user.token}` };
    const { statusCode, body } = await request(`${server}/api/v1/namespaces`, { dispatcher, headers });
    expect(statusCode).toBe(200);
    await body.dump();
    await dispatcher.destroy();
  });

  it('has what every cluster has', async () => {
    const { store } = cluster;
    const names = store.list('namespaces').map(({ metadata }) => metadata.name);
    expect(names).toEqual(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
    expect(store.get('services', 'default', 'kubernetes')?.spec).toMatchObject({
      clusterIP: '127.0.0.1',
      ports: [{ port: Number(new URL(cluster.url).port) }],
    });
    const authentication = store.get('configmaps', 'kube-system', 'extension-apiserver-authentication');
    expect(authentication?.data).toEqual({ 'client-ca-file': cluster.caPem });
    const made = Promise.withResolvers<void>();
    const stop = store.subscribe('configmaps', ({ object }) => {
      if (object.metadata.namespace === 'late' && object.metadata.name === 'kube-root-ca.crt') made.resolve();
    });
    store.create('namespaces', { metadata: { name: 'late' } });
    await made.promise;
    stop();
    expect(store.get('configmaps', 'late', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': cluster.caPem });
    expect(store.get('serviceaccounts', 'late', 'default')).toBeDefined();
  });

  it('issues certificates that its authority vouches for, and tokens', async () => {
    const { X509Certificate } = await import('node:crypto');
    const { certPem } = await cluster.issueServingCertificate({
      commonName: 'system:node:n',
      organization: 'system:nodes',
      names: ['n.local'],
      ips: ['127.0.0.1'],
    });
    const certificate = new X509Certificate(certPem);
    expect(certificate.verify(new X509Certificate(cluster.caPem).publicKey)).toBe(true);
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n');
    expect(certificate.checkHost('n.local')).toBe('n.local');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(cluster.issueToken('bob', [])).not.toBe(cluster.token);
  });
});
