import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startControlPlane } from '../../../src/controlplane/control-plane.ts';
import type { IssuedCertificate } from '../../../src/devcluster/authority.ts';

/** The control plane that the test files share. */
export interface SharedControlPlane {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
  /** A folder for kubeconfigs and the state of daemons. */
  readonly folder: string;
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Of `system:node:burst-0`. */
  readonly nodeKubeconfig: string;
  /** For any server of a test at 127.0.0.1. */
  readonly serving: IssuedCertificate;
  /** What the API server did for daemons, a JSON object a line. */
  readonly auditLog: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: SharedControlPlane;
  }
}

/** The identities that daemons have. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', users: ['system:serviceaccount:burstlet:burstlet', 'system:node:burst-0'] },
    { level: 'None' },
  ],
};

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const assets = process.env.BURSTLET_E2E_ASSETS;
  if (assets === undefined) throw new Error('run it with npm run test:e2e');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-'));
  const auditLog = path.join(folder, 'audit.log');
  const policyFile = path.join(folder, 'audit-policy.json');
  await writeFile(policyFile, JSON.stringify(auditPolicy));
  const apiServerFlags = { 'audit-policy-file': policyFile, 'audit-log-path': auditLog };
  const cluster = await startControlPlane({ assets, apiServerFlags });
  const kubeconfig = path.join(folder, 'admin.kubeconfig');
  const nodeKubeconfig = path.join(folder, 'node.kubeconfig');
  await cluster.writeKubeconfig(kubeconfig);
  await cluster.writeUserKubeconfig(nodeKubeconfig, 'system:node:burst-0', 'system:nodes');
  const serving = await cluster.issueServingCertificate({ commonName: 'test', ips: ['127.0.0.1'] });
  const { url, caPem, token } = cluster;
  project.provide('controlPlane', {
    url,
    caPem,
    token,
    folder,
    kubeconfig,
    nodeKubeconfig,
    serving,
    auditLog,
  });
  return async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
