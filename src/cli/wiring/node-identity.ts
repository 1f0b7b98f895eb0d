import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type BootstrapSettings, ConfigError, type Settings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadClusterAccess } from '../../kube/cluster-access.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { createKubeClient } from '../../kube/rest-client.ts';
import { bootstrapKubeconfigText } from '../../node/certificates/bootstrap-kubeconfig.ts';
import { CertificateManager, storedCertificate } from '../../node/certificates/certificate-manager.ts';
import type { NodeTeller } from '../../node/certificates/certificate-source.ts';
import { CertificateStore } from '../../node/certificates/certificate-store.ts';
import { type CertificateWish, endOf } from '../../node/certificates/certificate-wish.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { nodeTeller } from './node-teller.ts';
import { pkiFolder } from './pki-folder.ts';

export interface NodeIdentityDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
}

/** What a node of its own identity is made of; undefined = the settings ask for none. */
interface Parts {
  readonly bootstrap: BootstrapSettings;
  readonly node: string;
  readonly store: CertificateStore;
}

function partsOf({ bootstrap, nodes, stateDir }: Settings): Parts | undefined {
  const node = nodes[0]?.name;
  if (bootstrap === undefined || node === undefined) return undefined;
  const store = new CertificateStore({ folder: pkiFolder(stateDir, node), prefix: 'kubelet-client' });
  return { bootstrap, node, store };
}

/**
 * Comes by the identity `system:node:<name>`: finds the client certificate of an earlier process, or asks for one with the
 * bootstrap kubeconfig and waits until it is there; then writes the kubeconfig that names it. Does nothing where the
 * settings ask for no such thing. Rejects when the bootstrap kubeconfig is of no use, and when the signal fires.
 */
export async function takeNodeIdentity(
  settings: Settings,
  deps: NodeIdentityDeps,
  signal: AbortSignal,
): Promise<void> {
  const parts = partsOf(settings);
  if (parts === undefined) return;
  const { bootstrap, store } = parts;
  const target = path.resolve(bootstrap.target);
  const isWritten = await isOurs(target, store.currentFile, settings.file);
  const kept = await storedCertificate({ ...deps, store, wish: wishOf(parts) });
  if (kept !== undefined && isWritten) return;
  const { clock, log, random, version } = deps;
  const choice = { kubeconfig: bootstrap.kubeconfig, context: settings.context };
  const access = await loadClusterAccess(choice, { clock, log, env: {}, home: os.homedir() });
  const client = createKubeClient({ ...access, clock, log, random, userAgent: `burstlet/${version}` });
  try {
    // Told by the log alone: there is no node yet that an Event could be about.
    if (kept === undefined) await managerOf(parts, deps, client, () => undefined).obtain(signal);
    const { tls } = await access.credentials.current();
    await writePrivately(target, bootstrapKubeconfigText(access.server, tls, store.currentFile));
    log.info({ kubeconfig: target }, 'the node has an identity of its own');
  } finally {
    await client.close();
  }
}

/** Renews the certificate of the identity in time, until the signal fires. Never rejects. */
export async function keepNodeIdentity(
  settings: Settings,
  client: KubeClient,
  deps: NodeIdentityDeps,
  signal: AbortSignal,
): Promise<void> {
  const parts = partsOf(settings);
  if (parts === undefined) return;
  const { clock, log, metrics } = deps;
  const { node, bootstrap } = parts;
  const recorder = createEventRecorder({ client, clock, log, component: 'burstlet', host: node });
  const manager = managerOf(parts, deps, client, nodeTeller(recorder, node));
  await manager.load();
  metrics.observeCertificate(node, 'client', () => ({
    expiresAt: manager.current === undefined ? undefined : endOf(manager.current.cert),
    pending: manager.isPending,
  }));
  // The API client reads the file again within a minute, long before the old certificate ends.
  if (bootstrap.rotate) await manager.run(() => undefined, signal);
  await recorder.flush(AbortSignal.timeout(2_000));
}

function wishOf({ node }: Parts): CertificateWish {
  return { usage: 'client', nodeName: node, hosts: [] };
}

function managerOf(
  parts: Parts,
  deps: NodeIdentityDeps,
  client: KubeClient,
  tell: NodeTeller,
): CertificateManager {
  const { node, store } = parts;
  return new CertificateManager({
    ...{ ...deps, client, store, tell, wish: wishOf(parts) },
    onOutcome: (outcome) => deps.metrics.certificateRequest({ node, usage: 'client', outcome }),
  });
}

/** Whether the kubeconfig was written here. One that somebody else has written is not overwritten: ConfigError. */
async function isOurs(target: string, pairFile: string, file: string | undefined): Promise<boolean> {
  const text = await readFile(target, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return false;
  if (text.includes(JSON.stringify(pairFile))) return true;
  throw new ConfigError(
    `${file === undefined ? '--kubeconfig' : `${file}: kubeconfig`}: ${target} is there and does not name ${pairFile}; it would be overwritten with the identity of the node. Name another file, or leave out the bootstrap kubeconfig`,
  );
}

async function writePrivately(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const whole = `${file}.tmp`;
  await rm(whole, { force: true });
  await writeFile(whole, text, { mode: 0o600, flag: 'wx' });
  await rename(whole, file);
}
