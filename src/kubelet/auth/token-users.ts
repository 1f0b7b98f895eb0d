import { createHash } from 'node:crypto';
import type { KubeClient } from '../../kube/client.ts';
import { tokenReviews } from '../../kube/resources.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { ReviewCache, reviewTimeoutMs } from './review-cache.ts';
import type { User } from './user.ts';

export interface TokenUsersDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: Pick<KubeClient, 'create'>;
}

/** As long as the kubelet keeps them (cmd/kubelet/app/auth.go), good and bad ones alike. */
const ttlMs = 120_000;

/** The users behind bearer tokens, as TokenReview knows them. */
export class TokenUsers {
  readonly #deps: TokenUsersDeps;
  readonly #users: ReviewCache<User | undefined>;

  constructor(deps: TokenUsersDeps) {
    this.#deps = deps;
    this.#users = new ReviewCache(deps.clock, 1_000);
  }

  /** Undefined for a token that is not good, and when nobody can be asked. */
  async userOf(token: string): Promise<User | undefined> {
    // Keyed by a hash: no secret is kept longer than its request.
    const key = createHash('sha256').update(token).digest('base64');
    try {
      return await this.#users.get(key, async () => ({ value: await this.#review(token), ttlMs }));
    } catch (error) {
      this.#deps.log.warn({ error: String(error) }, 'a token could not be reviewed');
      return undefined;
    }
  }

  async #review(token: string): Promise<User | undefined> {
    const { status } = await this.#deps.client.create(
      tokenReviews,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
      { timeoutMs: reviewTimeoutMs },
    );
    const { username, uid, groups, extra } = status?.user ?? {};
    if (status?.authenticated !== true || username === undefined) return undefined;
    return {
      name: username,
      groups: groups ?? [],
      ...(uid === undefined ? {} : { uid }),
      ...(extra === undefined ? {} : { extra }),
    };
  }
}
