import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';

/** As kubelets have them: small, and quick to make. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface KeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  /** The private key, PKCS #8 in PEM. Secret. */
  readonly pem: string;
  /** The public key, SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
}

export async function newKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(keyAlgorithm, true, [
    'sign',
    'verify',
  ]);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', publicKey));
  return { privateKey, publicKey, pem: pemOf(der, 'PRIVATE KEY'), spki };
}

/** Reads back what {@link newKeyPair} has made. Throws when it is anything else. */
export async function keyPairOf(pem: string): Promise<KeyPair> {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, true, ['sign']),
    webcrypto.subtle.importKey('spki', spki, keyAlgorithm, true, ['verify']),
  ]);
  return { privateKey, publicKey, pem, spki };
}

/** RFC 7468: lines of 64 characters. */
function pemOf(der: Buffer, label: string): string {
  const body = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${body.join('\n')}\n-----END ${label}-----\n`;
}
