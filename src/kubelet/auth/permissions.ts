import type { KubeClient } from '../../kube/client.ts';
import { subjectAccessReviews } from '../../kube/resources.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { ReviewCache, reviewTimeoutMs } from './review-cache.ts';
import type { User } from './user.ts';

export interface PermissionsDeps {
  readonly clock: Clock;
  readonly client: Pick<KubeClient, 'create'>;
  readonly nodeName: string;
}

/** As long as the kubelet keeps them (cmd/kubelet/app/auth.go). */
const allowTtlMs = 300_000;
const denyTtlMs = 30_000;

/** What users may do with this node, as SubjectAccessReview says. */
export class Permissions {
  readonly #deps: PermissionsDeps;
  readonly #verdicts: ReviewCache<boolean>;

  constructor(deps: PermissionsDeps) {
    this.#deps = deps;
    this.#verdicts = new ReviewCache(deps.clock, 5_000);
  }

  /** Rejects when nobody can be asked. */
  allows(user: User, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([user.name, user.uid, user.groups, user.extra, verb, subresource]);
    return this.#verdicts.get(key, async () => {
      const value = await this.#review(user, verb, subresource);
      return { value, ttlMs: value ? allowTtlMs : denyTtlMs };
    });
  }

  async #review(user: User, verb: string, subresource: string): Promise<boolean> {
    const { client, nodeName } = this.#deps;
    const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [
      key,
      [...values],
    ]);
    const { status } = await client.create(
      subjectAccessReviews,
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: user.name,
          groups: [...user.groups],
          ...(user.uid === undefined ? {} : { uid: user.uid }),
          ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
          resourceAttributes: {
            ...{ group: '', version: 'v1', resource: 'nodes', subresource },
            ...{ verb, name: nodeName },
          },
        },
      },
      { timeoutMs: reviewTimeoutMs },
    );
    return status?.allowed === true;
  }
}
