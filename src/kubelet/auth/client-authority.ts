import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../telemetry/clock.ts';
import { certificateUser, type User } from './user.ts';

/**
 * The CA by which the users of client certificates are known. It may be replaced: connections stay, but each of their
 * requests is held against the CA that holds now, and against the end of the certificate, as a kubelet does.
 */
export class ClientAuthority {
  readonly #clock: Clock;
  #pem: string | undefined;
  #certificates: readonly X509Certificate[] = [];
  /** Connections whose certificate TLS itself has held against this CA. */
  #verified = new WeakSet<TLSSocket>();

  constructor(clock: Clock, pem: string | undefined) {
    this.#clock = clock;
    if (pem !== undefined) this.replace(pem);
  }

  /** PEM, one certificate or several; undefined = nobody is known by a certificate. */
  get pem(): string | undefined {
    return this.#pem;
  }

  /** Throws when the text is not of certificates; then the old CA stays. */
  replace(pem: string): void {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('there is no certificate in it');
    this.#certificates = blocks.map((block) => new X509Certificate(block));
    this.#pem = pem;
    this.#verified = new WeakSet();
  }

  /** A TLS handshake has ended. */
  connected(socket: TLSSocket): void {
    this.#verified.add(socket);
  }

  userOf(socket: TLSSocket): User | undefined {
    const user = certificateUser(socket);
    const certificate = user === undefined ? undefined : socket.getPeerX509Certificate();
    if (certificate === undefined || certificate.validToDate.getTime() <= this.#clock.now()) return undefined;
    const holds = this.#verified.has(socket) || this.#certificates.some((ca) => isSignedBy(certificate, ca));
    return holds ? user : undefined;
  }
}

function isSignedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  return certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}
