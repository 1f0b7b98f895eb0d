import type { TLSSocket } from 'node:tls';

/** Who asks. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The user of a verified client certificate: CN is the name, each O a group (apiserver/pkg/authentication/request/x509).
 * Undefined when there is none, or it is not signed by the client CA.
 */
export function certificateUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined || typeof subject.CN !== 'string' || subject.CN === '') return undefined;
  const organizations: unknown = subject.O;
  const groups = Array.isArray(organizations)
    ? organizations.map(String)
    : typeof organizations === 'string'
      ? [organizations]
      : [];
  return { name: subject.CN, groups: [...groups, 'system:authenticated'] };
}

/** The token of `Authorization: Bearer <token>`; undefined when there is none. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = /^bearer ([^\s]{1,65536})$/i.exec(header?.trim() ?? '');
  return match?.[1];
}
