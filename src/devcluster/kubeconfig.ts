import { chmod, writeFile } from 'node:fs/promises';
import type { IssuedCertificate } from './authority.ts';

/** Who somebody is to an API server. */
export type KubeconfigUser = { readonly token: string } | IssuedCertificate;

/** A kubeconfig as an object: one cluster, one user. */
export function kubeconfigOf(server: string, caPem: string, user: KubeconfigUser): Record<string, unknown> {
  const name = 'burstlet-dev';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name, user: entryOf(user) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

/** Writes it, readable for the owner only. */
export async function writeKubeconfig(
  path: string,
  kubeconfig: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { stringify } = await import('yaml');
  await writeFile(path, stringify(kubeconfig), { mode: 0o600 });
  // The mode above holds for new files only.
  await chmod(path, 0o600);
}

function entryOf(user: KubeconfigUser): Record<string, string> {
  if ('token' in user) return { token: user.token };
  return { 'client-certificate-data': base64(user.certPem), 'client-key-data': base64(user.keyPem) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
