import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DevCluster } from '../../src/devcluster/dev-cluster.ts';

/** What a node of its file says beside its addresses. */
export interface KilledNode {
  readonly name: string;
  readonly provider: 'process' | 'docker';
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A burstlet.yaml with one node; its files and state are in the folder. */
export async function configOf(cluster: DevCluster, folder: string, node: KilledNode): Promise<string> {
  const kubeconfig = path.join(folder, 'kubeconfig');
  await cluster.writeKubeconfig(kubeconfig);
  const certificate = await cluster.issueServingCertificate({ commonName: node.name, ips: ['127.0.0.1'] });
  const files = { 'node.crt': certificate.certPem, 'node.key': certificate.keyPem, 'ca.crt': cluster.caPem };
  for (const [name, pem] of Object.entries(files))
    await writeFile(path.join(folder, name), pem, { mode: 0o600 });
  return JSON.stringify({
    apiVersion: 'burstlet.dev/v1alpha1',
    kind: 'Config',
    kubeconfig,
    stateDir: path.join(folder, 'state'),
    logLevel: 'info',
    tls: {
      certFile: path.join(folder, 'node.crt'),
      keyFile: path.join(folder, 'node.key'),
      clientCaFile: path.join(folder, 'ca.crt'),
    },
    nodes: [{ ...node, listen: '127.0.0.1:0', address: '127.0.0.1', taint: false }],
  });
}

/** `burstlet run`; what it says is added to daemon.log in the folder. */
export function startDaemon(program: string, config: string, folder: string): ChildProcess {
  const daemon = spawn(process.execPath, [program, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(path.join(folder, 'daemon.log'), { flags: 'a' });
  daemon.stdout?.pipe(log, { end: false });
  daemon.stderr?.pipe(log, { end: false });
  daemon.once('close', () => log.end());
  return daemon;
}
