import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { KubeClient } from '../../kube/client.ts';
import { subjectAccessReviews, tokenReviews } from '../../kube/resources.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { requestAttributes } from './attributes.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { bearerToken, certificateUser, type User } from './user.ts';

export interface GateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly nodeName: string;
}

export interface Refusal {
  readonly status: 401 | 403 | 500;
  readonly text: string;
}

export interface Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly socket: TLSSocket;
}

/** As long as the kubelet keeps them (cmd/kubelet/app/auth.go). */
const tokenTtlMs = 120_000;
const allowTtlMs = 300_000;
const denyTtlMs = 30_000;
const reviewTimeoutMs = 10_000;

/**
 * Who may use the node's API: a client certificate of the cluster's CA or a bearer token that TokenReview knows, and
 * then SubjectAccessReview on `nodes/<subresource>`. Nobody passes unnamed, on no path. When the API server cannot be
 * asked, the door stays shut.
 */
export class Gate {
  readonly #deps: GateDeps;
  readonly #users: ExpiringCache<User | 'unknown'>;
  readonly #verdicts: ExpiringCache<boolean>;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#users = new ExpiringCache(deps.clock, 1_000);
    this.#verdicts = new ExpiringCache(deps.clock, 5_000);
  }

  /** Undefined = come in. */
  async refusal(request: Request): Promise<Refusal | undefined> {
    const user = await this.#user(request);
    if (user === undefined) return { status: 401, text: 'Unauthorized' };
    const { verb, subresources } = requestAttributes(request.method, request.path);
    try {
      for (const subresource of subresources)
        if (await this.#allowed(user, verb, subresource)) return undefined;
    } catch (error) {
      this.#deps.log.warn({ error: String(error), user: user.name }, 'authorization could not be asked for');
      const asked = `user=${user.name}, verb=${verb}, resource=nodes, subresource=${subresources.join(',')}`;
      return { status: 500, text: `Authorization error (${asked})` };
    }
    const text = `Forbidden (user=${user.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])`;
    return { status: 403, text };
  }

  async #user({ socket, authorization }: Request): Promise<User | undefined> {
    const named = certificateUser(socket);
    if (named !== undefined) return named;
    const token = bearerToken(authorization);
    return token === undefined ? undefined : this.#tokenUser(token);
  }

  async #tokenUser(token: string): Promise<User | undefined> {
    // Keyed by a hash: no secret is kept longer than its request.
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#users.get(key);
    if (known !== undefined) return known === 'unknown' ? undefined : known;
    try {
      const { status } = await this.#deps.client.create(
        tokenReviews,
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
        { timeoutMs: reviewTimeoutMs },
      );
      const { username, uid, groups, extra } = status?.user ?? {};
      const user: User | undefined =
        status?.authenticated === true && username !== undefined
          ? {
              name: username,
              groups: groups ?? [],
              ...(uid === undefined ? {} : { uid }),
              ...(extra === undefined ? {} : { extra }),
            }
          : undefined;
      this.#users.set(key, user ?? 'unknown', tokenTtlMs);
      return user;
    } catch (error) {
      this.#deps.log.warn({ error: String(error) }, 'a token could not be reviewed');
      return undefined;
    }
  }

  async #allowed(user: User, verb: string, subresource: string): Promise<boolean> {
    const { client, nodeName } = this.#deps;
    const key = JSON.stringify([user.name, user.uid, user.groups, user.extra, verb, subresource]);
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const { status } = await client.create(
      subjectAccessReviews,
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: user.name,
          groups: [...user.groups],
          ...(user.uid === undefined ? {} : { uid: user.uid }),
          ...(user.extra === undefined
            ? {}
            : { extra: Object.fromEntries(Object.entries(user.extra).map(([k, v]) => [k, [...v]])) }),
          resourceAttributes: {
            verb,
            group: '',
            version: 'v1',
            resource: 'nodes',
            subresource,
            name: nodeName,
          },
        },
      },
      { timeoutMs: reviewTimeoutMs },
    );
    const allowed = status?.allowed === true;
    this.#verdicts.set(key, allowed, allowed ? allowTtlMs : denyTtlMs);
    return allowed;
  }
}
