import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError, type Settings } from '../../config/settings.ts';
import { createAuthority } from '../../devcluster/authority.ts';
import { systemClock } from '../../telemetry/clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { takeNodeIdentity } from './node-identity.ts';

/** What needs no cluster; coming by the identity is in test/e2e/certificates.test.ts. */
const deps = {
  clock: systemClock,
  random: Math.random,
  log: silentLog,
  metrics: createMetrics(),
  version: '0',
};
const never = new AbortController().signal;
let folder = '';
let settings: Settings;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-identity-'));
  const target = path.join(folder, 'kubeconfig');
  settings = {
    ...{ stateDir: folder, kubeconfig: target, logLevel: 'info', tls: {}, dns: {}, scheduler: false },
    bootstrap: { kubeconfig: path.join(folder, 'bootstrap'), target, rotate: true },
    nodes: [
      {
        ...{ name: 'burst-0', provider: 'mock', options: {}, listen: { host: '127.0.0.1', port: 0 } },
        ...{ taint: true, labels: {}, capacity: {} },
      },
    ],
  };
});
afterEach(() => rm(folder, { recursive: true }));

it('does not overwrite the kubeconfig of somebody else', async () => {
  const target = path.join(folder, 'kubeconfig');
  await writeFile(target, '{"users":[{"name":"admin"}]}');
  const failure: unknown = await takeNodeIdentity(settings, deps, never).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(String(failure)).toContain(
    `--kubeconfig: ${target} is there and does not name ${folder}/pki/burst-0/`,
  );
  expect(await readFile(target, 'utf8')).toContain('admin');
});

it('tells what is wrong with the bootstrap', async () => {
  await expect(takeNodeIdentity(settings, deps, never)).rejects.toThrow(
    `${path.join(folder, 'bootstrap')}: cannot be read (ENOENT)`,
  );
});

it('needs no bootstrap while the identity of an earlier process holds', async () => {
  const { CertificateStore } = await import('../../node/certificates/certificate-store.ts');
  const store = new CertificateStore({ folder: path.join(folder, 'pki/burst-0'), prefix: 'kubelet-client' });
  const authority = await createAuthority(() => Date.now());
  const request = {
    commonName: 'system:node:burst-0',
    organization: 'system:nodes',
    usage: 'client',
  } as const;
  const { certPem, keyPem } = await authority.issue(request);
  await store.put({ cert: certPem, key: keyPem }, Date.now());
  await writeFile(path.join(folder, 'kubeconfig'), JSON.stringify({ 'client-key': store.currentFile }));
  await takeNodeIdentity(settings, deps, never);
});
