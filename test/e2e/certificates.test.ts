import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/control-plane.ts';
import { kubeconfigOf, writeKubeconfig } from '../../src/devcluster/kubeconfig.ts';
import { certificateSigningRequests, nodes, pods, secrets } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { applyRbac } from './support/account.ts';
import { approve } from './support/approve.ts';
import type { Daemon, DaemonOptions } from './support/daemon.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/** A cluster that verifies nodes and signs for two minutes; a daemon that has nothing but a bootstrap token. */
let api: ControlPlane;
let folder: string;
let world: World;
let daemon: Daemon;
let namespace: string;
const node = 'burst-0';
const home = () => path.join(folder, node);
const token = { id: 'abcdef', secret: '0123456789abcdef' };

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-'));
  api = await startControlPlane({
    assets: process.env.BURSTLET_E2E_ASSETS ?? '',
    apiServerFlags: { 'enable-bootstrap-token-auth': 'true', 'kubelet-certificate-authority': 'ca.crt' },
    controllerManagerFlags: { 'cluster-signing-duration': '2m' },
  });
  const kubeconfig = path.join(folder, 'kubeconfig');
  await api.writeKubeconfig(kubeconfig);
  world = await openWorld({ url: api.url, caPem: api.caPem, token: api.token, folder, kubeconfig });
  await applyRbac(world.client, 'docs/examples/node-identity.yaml');
  await applyRbac(world.client, 'docs/examples/node-bootstrap.yaml');
  const data = Object.entries({
    'token-id': token.id,
    'token-secret': token.secret,
    'usage-bootstrap-authentication': 'true',
  });
  await world.client.create(secrets, {
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${token.id}` },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  });
  const bootstrap = kubeconfigOf(api.url, api.caPem, { token: `${token.id}.${token.secret}` });
  await writeKubeconfig(path.join(folder, 'bootstrap'), bootstrap);
  namespace = await world.namespace('certificates');
  daemon = await world.node(options());
});
afterAll(async () => {
  await world?.close();
  await api?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function options(): Omit<DaemonOptions, 'raw' | 'folder'> {
  const kubeconfig = path.join(home(), 'kubeconfig');
  const bootstrapKubeconfig = path.join(folder, 'bootstrap');
  const settings = { bootstrapKubeconfig, scheduler: false, tls: { serverTLSBootstrap: true } };
  return { node, provider: 'mock', kubeconfig, settings };
}

/** Of that signer, by the names of those who asked. */
async function requestsFor(signer: string): Promise<[name: string, user: string][]> {
  const { items } = await world.client.list(certificateSigningRequests);
  const own = items.filter(({ spec }) => spec.signerName === `kubernetes.io/${signer}`);
  return own.map(({ metadata, spec }) => [metadata?.name ?? '', spec.username ?? '']);
}

/** The certificate that the node shows. */
async function shown(): Promise<X509Certificate> {
  const { status } = await world.client.get(nodes, { name: node });
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (certificate === undefined) throw new Error('no certificate');
  return certificate;
}

const logs = (pod: string) => world.raw(`/api/v1/namespaces/${namespace}/pods/${pod}/log`);
async function run(pod: string): Promise<void> {
  await world.client.create(pods, podOf(namespace, pod));
  await world.reaches(namespace, pod, 'Running');
}
const pending = () => daemon.metric('burstlet_certificate_request_pending', /usage="server"/);

it('a bootstrap token becomes the identity of a node', async () => {
  const asked = await requestsFor('kube-apiserver-client-kubelet');
  expect(asked).toEqual([[expect.stringMatching(/^node-csr-burst-0-/), `system:bootstrap:${token.id}`]]);
  const kubeconfig = path.join(home(), 'kubeconfig');
  const pair = path.join(home(), 'state/pki/burst-0/kubelet-client-current.pem');
  expect(JSON.parse(await readFile(kubeconfig, 'utf8')).users[0].user).toEqual({
    'client-certificate': pair,
    'client-key': pair,
  });
  for (const file of [kubeconfig, pair]) expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('until somebody approves its certificate, the node says so and the API server does not trust it', async () => {
  await run('early');
  expect((await shown()).subject).toBe(`CN=${node}`);
  await expect(logs('early')).rejects.toThrow(/x509|certificate/);
  expect(await pending()).toBe(1);
  const [[name] = []] = await requestsFor('kubelet-serving');
  const text = `CertificatePending: the server certificate of the node waits for approval: kubectl certificate approve ${name}`;
  await eventually(async () => (await world.eventsOf('default', node)).includes(text), 60);
});

it('a daemon that is restarted waits for the same request', async () => {
  await daemon.stop();
  daemon = await world.node(options());
  // The Node has the port of the old one for a moment.
  await eventually(async () => (await pending()) === 1, 60);
  expect(await requestsFor('kubelet-serving')).toEqual([[expect.anything(), `system:node:${node}`]]);
});

it('an approved certificate is shown at once, and the API server trusts it', async () => {
  const [[name = ''] = []] = await requestsFor('kubelet-serving');
  await approve(world.client, name);
  await eventually(async () => (await shown()).issuer.includes('burstlet-devcluster-ca'), 30);
  const certificate = await shown();
  expect(certificate.subject).toBe(`O=system:nodes\nCN=system:node:${node}`);
  expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1');
  await run('approved');
  expect(await logs('approved')).toContain('started');
  expect(await pending()).toBe(0);
});

it('both certificates are renewed before they end, without a restart and without an end of streams', async () => {
  const served = await shown();
  const client = async () =>
    new X509Certificate(
      await readFile(path.join(home(), 'state/pki/burst-0/kubelet-client-current.pem'), 'utf8'),
    );
  const first = await client();
  const approving = new AbortController();
  const approver = approveAll(approving.signal);
  const stream = await follow('approved');
  try {
    await eventually(async () => (await client()).serialNumber !== first.serialNumber, 110);
    await eventually(async () => (await shown()).serialNumber !== served.serialNumber, 110);
    expect((await client()).publicKey.equals(first.publicKey)).toBe(false);
    expect((await shown()).publicKey.equals(served.publicKey)).toBe(false);
    // The first identity is over now: what is written is written with the second.
    await eventually(async () => Date.now() > first.validToDate.getTime() + 1_000, 130);
    await run('late');
    expect(await logs('late')).toContain('started');
    const renewals = (await requestsFor('kube-apiserver-client-kubelet')).map(([, user]) => user);
    expect(renewals).toContain(`system:node:${node}`);
    const ends = await daemon.metric('burstlet_certificate_expiry_timestamp_seconds', /usage="client"/);
    expect(ends * 1000).toBeGreaterThan(first.validToDate.getTime());
    expect(stream.isOpen()).toBe(true);
    await world.client.delete(pods, { namespace, name: 'approved' });
    await eventually(() => !stream.isOpen(), 30);
  } finally {
    stream.end();
    approving.abort();
    await approver;
  }
}, 400_000);

/** `kubectl logs -f`. */
async function follow(pod: string): Promise<{ isOpen(): boolean; end(): void }> {
  const ending = new AbortController();
  const { body } = await request(`${api.url}/api/v1/namespaces/${namespace}/pods/${pod}/log?follow=true`, {
    dispatcher: new Agent({ connect: { ca: api.caPem }, bodyTimeout: 0 }),
    headers: { authorization: `Bearer ${api.token}` },
    signal: ending.signal,
  });
  let open = true;
  body.resume().once('close', () => {
    open = false;
  });
  body.on('error', () => undefined);
  return { isOpen: () => open, end: () => ending.abort() };
}

/** Somebody who trusts every node. */
async function approveAll(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { items } = await world.client.list(certificateSigningRequests);
    for (const { metadata, spec, status } of items)
      if (spec.signerName === 'kubernetes.io/kubelet-serving' && !status?.conditions?.length)
        await approve(world.client, metadata?.name ?? '');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
