import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../telemetry/clock.ts';
import { isRecord, type Json, record, text } from '../store/json.ts';
import type { ClusterStore } from '../store/store.ts';

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface TokenDeps {
  readonly clock: Clock;
  readonly store: ClusterStore;
}

/** Who a ServiceAccount token speaks for, and the Pod that it lives and dies with. */
export interface AccountToken {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export const defaultAudience = 'https://kubernetes.default.svc.cluster.local';
const maxVerified = 1000;
const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** Bearer tokens: signed with a key that lives as long as this process, so nothing has to be kept of them. */
export class TokenAuthority {
  readonly #deps: TokenDeps;
  readonly #key = createSecretKey(randomBytes(32));
  /** Claims of tokens whose signature was right: checking it is the dearest part of a small request. */
  readonly #verified = new Map<string, Json>();

  constructor(deps: TokenDeps) {
    this.#deps = deps;
  }

  /** For users that no object stands for. Valid as long as the process. */
  issue(username: string, groups: readonly string[]): string {
    return this.#sign({ sub: username, groups });
  }

  issueForAccount(token: AccountToken): { readonly token: string; readonly expires: number } {
    const { namespace, account, pod, audiences } = token;
    const issued = Math.floor(this.#deps.clock.now() / 1000);
    const expires = issued + token.expirationSeconds;
    const claims = {
      iss: defaultAudience,
      aud: audiences,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
      iat: issued,
      nbf: issued,
      exp: expires,
      'kubernetes.io': { namespace, serviceaccount: account, ...(pod && { pod }) },
    };
    return { token: this.#sign(claims), expires: expires * 1000 };
  }

  /** The user behind a token that is good for one of the audiences (none given: for this server); else undefined. */
  authenticate(token: string, audiences: readonly string[] = []): User | undefined {
    const claims = this.#verify(token);
    const username = text(claims?.sub);
    if (claims === undefined || username === undefined) return undefined;
    const bound = claims['kubernetes.io'];
    if (!isRecord(bound)) return { username, groups: [...strings(claims.groups), 'system:authenticated'] };
    const wanted = audiences.length === 0 ? [defaultAudience] : audiences;
    const inTime = Number(claims.exp) * 1000 > this.#deps.clock.now();
    if (!inTime || !strings(claims.aud).some((audience) => wanted.includes(audience))) return undefined;
    return this.#account(username, bound);
  }

  #account(username: string, bound: Json): User | undefined {
    const namespace = text(bound.namespace) ?? '';
    const account = record(bound.serviceaccount);
    if (!this.#lives('serviceaccounts', namespace, account)) return undefined;
    if (bound.pod !== undefined && !this.#lives('pods', namespace, record(bound.pod))) return undefined;
    const pod = record(bound.pod);
    return {
      username,
      uid: String(account.uid),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      ...(text(pod.name) !== undefined && {
        extra: {
          'authentication.kubernetes.io/pod-name': [String(pod.name)],
          'authentication.kubernetes.io/pod-uid': [String(pod.uid)],
        },
      }),
    };
  }

  #lives(resource: string, namespace: string, { name, uid }: Json): boolean {
    return this.#deps.store.get(resource, namespace, String(name))?.metadata.uid === uid;
  }

  #sign(claims: object): string {
    const body = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  #verify(token: string): Json | undefined {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const end = token.lastIndexOf('.');
    const given = Buffer.from(token.slice(end + 1), 'base64url');
    const wanted = this.#mac(token.slice(0, end));
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    // Signed by us: it is JSON.
    const claims = record(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
    if (this.#verified.size >= maxVerified) this.#verified.clear();
    this.#verified.set(token, claims);
    return claims;
  }

  #mac(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
