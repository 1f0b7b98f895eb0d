import type { TlsOptions } from '../../kube/credentials.ts';

/**
 * The kubeconfig of a node that has come by its identity: the cluster of the bootstrap, and the pair in `pairFile` as the
 * user. The file is read anew by whoever uses it, so it may be renewed below it.
 */
export function bootstrapKubeconfigText(
  server: string,
  { ca, servername, rejectUnauthorized = true }: TlsOptions,
  pairFile: string,
): string {
  const name = 'default';
  const cluster = {
    server,
    ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(servername !== undefined && { 'tls-server-name': servername }),
    ...(!rejectUnauthorized && { 'insecure-skip-tls-verify': true }),
  };
  // JSON is YAML.
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster }],
      users: [{ name, user: { 'client-certificate': pairFile, 'client-key': pairFile } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    },
    undefined,
    2,
  )}\n`;
}
