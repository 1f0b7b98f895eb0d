import { readFile } from 'node:fs/promises';
import { ConfigurationError } from './config-fields.ts';
import type { Identity, TlsOptions } from './credentials.ts';
import type { ClusterEntry, Pem, UserEntry } from './kubeconfig.ts';

export type PlainUser = Extract<UserEntry, { kind: 'plain' }>;

/** Identities of users with a certificate or a token. Every load reads the files anew. */
export class PlainIdentities {
  readonly #cluster: ClusterEntry;
  readonly #user: PlainUser;

  constructor(cluster: ClusterEntry, user: PlainUser) {
    this.#cluster = cluster;
    this.#user = user;
  }

  async load(_fresh: boolean): Promise<Identity> {
    const [base, cert, key, token] = await Promise.all([
      clusterTls(this.#cluster),
      pemText(this.#user.certificate),
      pemText(this.#user.key),
      tokenText(this.#user.token),
    ]);
    const tls = { ...base, ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
    return { tls, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  }
}

/** The server's side of TLS. */
export async function clusterTls(cluster: ClusterEntry): Promise<TlsOptions> {
  const ca = await pemText(cluster.ca);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.serverName === undefined ? {} : { servername: cluster.serverName }),
    ...(cluster.insecure ? { rejectUnauthorized: false } : {}),
  };
}

async function pemText(source: Pem | undefined): Promise<string | undefined> {
  if (source === undefined || 'pem' in source) return source?.pem;
  const text = await readText(source.file);
  if (!text.includes('-----BEGIN')) throw new ConfigurationError(source.file, 'is not PEM');
  return text;
}

async function tokenText(source: PlainUser['token']): Promise<string | undefined> {
  if (source === undefined || 'text' in source) return source?.text;
  const token = (await readText(source.file)).trim();
  if (token === '') throw new ConfigurationError(source.file, 'is empty, but should hold a token');
  return token;
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigurationError(file, `cannot be read (${code})`);
  }
}
