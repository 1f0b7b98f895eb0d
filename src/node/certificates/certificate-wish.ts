import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificateUsage } from '../../telemetry/metrics.ts';
import { checkPair, type ServingCertificate } from '../serving-certificate.ts';
import { type KeyPair, keyAlgorithm } from './key-pair.ts';

/** A certificate as a node asks its cluster for one (certificates.k8s.io, the two signers for kubelets). */
export interface CertificateWish {
  readonly usage: CertificateUsage;
  readonly nodeName: string;
  /** Addresses that a server certificate is for. A client certificate has none. */
  readonly hosts: readonly string[];
}

const signers: Readonly<Record<CertificateUsage, string>> = {
  server: 'kubernetes.io/kubelet-serving',
  client: 'kubernetes.io/kube-apiserver-client-kubelet',
};

export function signerOf({ usage }: CertificateWish): string {
  return signers[usage];
}

/** Exactly these: the signers refuse others. With an elliptic curve there is no key encipherment. */
export function usagesOf({ usage }: CertificateWish): string[] {
  return ['digital signature', `${usage} auth`];
}

const organization = 'system:nodes';

function userOf({ nodeName }: CertificateWish): string {
  return `system:node:${nodeName}`;
}

/** PKCS #10 in PEM. */
export async function signingRequest(wish: CertificateWish, keys: KeyPair): Promise<string> {
  // Loaded when wanted: the library is large.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const names = wish.hosts.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ O: [organization] }, { CN: [userOf(wish)] }]).toString(),
    keys,
    signingAlgorithm: keyAlgorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  return `${request.toString('pem')}\n`;
}

/**
 * The name of the request: the same for the same key and wish, so that a daemon that was restarted while it waited finds
 * its own again and does not fill the list of those who approve.
 */
export function requestName(wish: CertificateWish, { spki }: Pick<KeyPair, 'spki'>): string {
  const digest = createHash('sha256')
    .update(spki)
    .update(JSON.stringify([signerOf(wish), userOf(wish), wish.hosts]))
    .digest('hex');
  return `node-csr-${wish.nodeName}-${digest.slice(0, 16)}`;
}

/** Whether a certificate is what is wished for, today. Throws when it is none, or the key is not its own. */
export function fulfils({ cert, key }: ServingCertificate, wish: CertificateWish, now: number): boolean {
  checkPair({ cert, key });
  const certificate = new X509Certificate(cert);
  const subject = certificate.subject.split('\n');
  return (
    certificate.validToDate.getTime() > now &&
    subject.includes(`O=${organization}`) &&
    subject.includes(`CN=${userOf(wish)}`) &&
    wish.hosts.every((host) =>
      isIP(host) === 0 ? certificate.checkHost(host) !== undefined : certificate.checkIP(host) !== undefined,
    )
  );
}

/** Milliseconds since the epoch. */
export function endOf(cert: string): number {
  return new X509Certificate(cert).validToDate.getTime();
}

/** When to ask for the next one: somewhere between 70 % and 90 % of its life, as kubelets do, so that not all come at once. */
export function renewalTime(cert: string, random: () => number): number {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const begin = validFromDate.getTime();
  return begin + Math.round((validToDate.getTime() - begin) * (0.7 + 0.2 * random()));
}
