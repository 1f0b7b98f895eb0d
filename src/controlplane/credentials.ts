import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CertificateAuthority, IssuedCertificate } from '../devcluster/authority.ts';
import { kubeconfigOf, writeKubeconfig } from '../devcluster/kubeconfig.ts';
import { files } from './commands.ts';

const serverNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** A client certificate of a user, as RBAC knows users and groups. */
export function clientCertificate(
  authority: CertificateAuthority,
  user: string,
  group?: string,
): Promise<IssuedCertificate> {
  return authority.issue({
    commonName: user,
    usage: 'client',
    ...(group === undefined ? {} : { organization: group }),
  });
}

/** Writes every key, certificate and kubeconfig that the programs need; an administrator's token. */
export async function writeCredentials(
  folder: string,
  server: string,
  authority: CertificateAuthority,
): Promise<string> {
  const write = (name: string, text: string): Promise<void> =>
    writeFile(path.join(folder, name), text, { mode: 0o600 });
  const pair = async (cert: string, key: string, issued: Promise<IssuedCertificate>): Promise<void> => {
    const { certPem, keyPem } = await issued;
    await Promise.all([write(cert, certPem), write(key, keyPem)]);
  };
  const component = async (file: string, user: string): Promise<void> => {
    const certificate = await clientCertificate(authority, user);
    await writeKubeconfig(path.join(folder, file), kubeconfigOf(server, authority.caPem, certificate));
  };
  const token = randomBytes(32).toString('hex');
  const serviceAccounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const serving = authority.issue({
    commonName: 'kube-apiserver',
    names: serverNames,
    ips: ['127.0.0.1'],
  });
  await Promise.all([
    write(files.caCert, authority.caPem),
    write(files.caKey, await authority.keyPem()),
    pair(files.servingCert, files.servingKey, serving),
    pair(
      files.kubeletClientCert,
      files.kubeletClientKey,
      clientCertificate(authority, 'kube-apiserver-kubelet-client', 'system:masters'),
    ),
    write(files.serviceAccountKey, serviceAccounts.privateKey),
    write(files.serviceAccountPublicKey, serviceAccounts.publicKey),
    write(files.tokens, `${token},kubernetes-admin,kubernetes-admin,system:masters\n`),
    component(files.controllerManager, 'system:kube-controller-manager'),
    component(files.scheduler, 'system:kube-scheduler'),
  ]);
  return token;
}
