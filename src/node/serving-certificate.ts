import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** PEM texts. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

const yearMs = 365 * 24 * 3600 * 1000;

/** Reads a certificate and its key from PEM files. */
export async function certificateFromFiles(certFile: string, keyFile: string): Promise<ServingCertificate> {
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key };
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
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${nodeName}`,
    notBefore: new Date(now - 3600_000),
    notAfter: new Date(now + yearMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const body = pkcs8.match(/.{1,64}/g)?.join('\n') ?? '';
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
  };
}
