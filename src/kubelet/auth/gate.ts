import type { TLSSocket } from 'node:tls';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { requestAttributes } from './attributes.ts';
import type { ClientAuthority } from './client-authority.ts';
import { Permissions } from './permissions.ts';
import { TokenUsers } from './token-users.ts';
import { bearerToken, type User } from './user.ts';

export interface GateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly clients: Pick<ClientAuthority, 'userOf'>;
}

export interface Refusal {
  readonly status: 401 | 403 | 500;
  readonly text: string;
}

export interface Request {
  readonly method: string;
  /** Of the route that answers it, or as it was sent where none does; without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly socket: TLSSocket;
}

/**
 * Who may use the node's API: a client certificate of the cluster's CA or a bearer token that TokenReview knows, and
 * then SubjectAccessReview on `nodes/<subresource>`. Nobody passes unnamed, on no path. When the API server cannot be
 * asked, the door stays shut. The texts are the kubelet's (pkg/kubelet/server/server.go, InstallAuthFilter).
 */
export class Gate {
  readonly #deps: GateDeps;
  readonly #tokens: TokenUsers;
  readonly #permissions: Permissions;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#tokens = new TokenUsers(deps);
    this.#permissions = new Permissions(deps);
  }

  /** Undefined = come in. */
  async refusal({ method, path, authorization, socket }: Request): Promise<Refusal | undefined> {
    const user = await this.#user(socket, authorization);
    if (user === undefined) return { status: 401, text: 'Unauthorized' };
    const { verb, subresources } = requestAttributes(method, path);
    const asked = `user=${user.name}, verb=${verb}, resource=nodes`;
    for (const subresource of subresources) {
      try {
        if (await this.#permissions.allows(user, verb, subresource)) return undefined;
      } catch (error) {
        this.#deps.log.warn(
          { error: String(error), user: user.name },
          'authorization could not be asked for',
        );
        return { status: 500, text: `Authorization error (${asked}, subresource=${subresource})` };
      }
    }
    return { status: 403, text: `Forbidden (${asked}, subresource(s)=[${subresources.join(' ')}])` };
  }

  async #user(socket: TLSSocket, authorization: string | undefined): Promise<User | undefined> {
    const named = this.#deps.clients.userOf(socket);
    if (named !== undefined) return named;
    const token = bearerToken(authorization);
    return token === undefined ? undefined : this.#tokens.userOf(token);
  }
}
