import type { Server } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { ClientAuthority } from './auth/client-authority.ts';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What the server proves itself by, and holds its clients against. Both may be replaced while it serves. */
export class TlsKeeper {
  readonly #clients: ClientAuthority;
  #certificate: Certificate | undefined;
  #server: Server | undefined;

  constructor(clients: ClientAuthority, certificate: Certificate | undefined) {
    this.#clients = clients;
    this.#certificate = certificate;
  }

  get options(): SecureContextOptions {
    // Without a certificate every handshake fails. With an empty list nobody's CA is believed; with none at all it would
    // be those of the public web.
    return { minVersion: 'TLSv1.2', ca: this.#clients.pem ?? [], ...this.#certificate };
  }

  keep(server: Server): void {
    this.#server = server;
    server.on('secureConnection', (socket: TLSSocket) => this.#clients.connected(socket));
  }

  /** For the connections to come; those that are there go on. Throws when it is not a certificate with its key. */
  setCertificate(certificate: Certificate): void {
    const before = this.#certificate;
    this.#certificate = certificate;
    try {
      this.#server?.setSecureContext(this.options);
    } catch (error) {
      this.#certificate = before;
      throw error;
    }
  }

  /** Throws when the text is not of certificates; then the old CA stays. */
  setClientCa(pem: string): void {
    this.#clients.replace(pem);
    this.#server?.setSecureContext(this.options);
    // They come back and are known by the new one.
    this.#server?.closeIdleConnections();
  }
}
