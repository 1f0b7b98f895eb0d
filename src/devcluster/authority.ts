import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface CertificateRequest {
  readonly commonName: string;
  readonly organization?: string;
  /** DNS names. */
  readonly names?: readonly string[];
  readonly ips?: readonly string[];
  /** What it proves: the server (the default) that it is the right one, or a client who it is. */
  readonly usage?: 'server' | 'client';
}

export interface IssuedCertificate {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** Signs the certificates of one cluster. */
export interface CertificateAuthority {
  readonly caPem: string;
  /** Its own key, PKCS #8: only for those who sign in its name, such as kube-controller-manager. */
  keyPem(): Promise<string>;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

/** A new authority. `now`: milliseconds since the epoch. */
export async function createAuthority(now: () => number): Promise<CertificateAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const validity = () => ({ notBefore: new Date(now() - hourMs), notAfter: new Date(now() + yearMs) });
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=burstlet-devcluster-ca',
    keys: caKeys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return {
    caPem: `${ca.toString('pem')}\n`,
    keyPem: () => keyPemOf(caKeys.privateKey),
    async issue({ commonName, organization, names = [], ips = [], usage = 'server' }) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const cert = await x509.X509CertificateGenerator.create({
        subject: new x509.Name([
          ...(organization === undefined ? [] : [{ O: [organization] }]),
          { CN: [commonName] },
        ]).toString(),
        issuer: ca.subject,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        signingAlgorithm: algorithm,
        ...validity(),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
          ...alternativeNames(names, ips),
        ],
      });
      return { certPem: `${cert.toString('pem')}\n`, keyPem: await keyPemOf(keys.privateKey) };
    },
  };
}

/** Who an API server is to kubelets: the name that kubeadm gives it. */
export function kubeletClientCertificate(authority: CertificateAuthority): Promise<IssuedCertificate> {
  return authority.issue({
    commonName: 'kube-apiserver-kubelet-client',
    organization: 'system:masters',
    usage: 'client',
  });
}

function alternativeNames(names: readonly string[], ips: readonly string[]): x509.Extension[] {
  const all = [
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  return all.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(all)];
}

async function keyPemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)), 'PRIVATE KEY');
}
