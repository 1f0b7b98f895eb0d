import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { keyAlgorithm, newKeyPair } from './certificates/key-pair.ts';

/** PEM texts. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

const yearMs = 365 * 24 * 3600 * 1000;

/** Reads a certificate and its key from PEM files. Rejects when they do not belong together: between two writes, say. */
export async function certificateFromFiles(certFile: string, keyFile: string): Promise<ServingCertificate> {
  const cert = await readFile(certFile, 'utf8');
  const key = await readFile(keyFile, 'utf8');
  checkPair({ cert, key });
  return { cert, key };
}

/** Throws when it is no certificate with its own key. */
export function checkPair({ cert, key }: ServingCertificate): void {
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key is not that of the certificate');
}

/**
 * A certificate that nobody signed, as a kubelet makes one when it is given none: enough for an API server, which
 * verifies the node's certificate only when told to (--kubelet-certificate-authority). Lives for a year.
 */
export async function selfSignedCertificate(
  nodeName: string,
  hosts: readonly string[],
  now: number,
): Promise<ServingCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await newKeyPair();
  const names = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${nodeName}`,
    notBefore: new Date(now - 3600_000),
    notAfter: new Date(now + yearMs),
    signingAlgorithm: keyAlgorithm,
    keys,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return { cert: certificate.toString('pem'), key: keys.pem };
}
