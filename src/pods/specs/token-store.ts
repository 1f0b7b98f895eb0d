import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { tokenRequests } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { ReferencedToken } from '../../podspec/referenced-objects.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';

export interface TokenStoreDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
}

interface Held {
  readonly token: string;
  /** Both in milliseconds since the epoch. */
  readonly staleAt: number;
  readonly expiresAt: number;
}

/** As the kubelet (pkg/kubelet/token, requiresRefresh): after 80 % of its life, or a day. */
const freshShare = 0.8;
const freshMs = 24 * 3_600_000;
const jitterMs = 10_000;
/** Until the next try when a new token could not be had and the old one still holds. */
const againMs = 30_000;

/** Service account tokens bound to Pods (serviceaccounts/token, TokenRequest), each kept while it is fresh. */
export class TokenStore {
  readonly #deps: TokenStoreDeps;
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(deps: TokenStoreDeps) {
    this.#deps = deps;
  }

  /** A token that is fresh, or at least valid. Rejects when there is none, NotFound without such an account. */
  async get(pod: Pod, wanted: ReferencedToken, signal: AbortSignal): Promise<string> {
    const { clock, random, log } = this.#deps;
    const uid = pod.metadata?.uid ?? '';
    const held = this.#held.get(uid)?.get(wanted.key);
    if (held !== undefined && clock.now() < held.staleAt) return held.token;
    try {
      const { token, expiresAt } = await this.#request(pod, wanted, signal);
      const now = clock.now();
      const staleAt = now + Math.min(freshShare * (expiresAt - now), freshMs) - random() * jitterMs;
      this.#keep(uid, wanted.key, { token, staleAt, expiresAt });
      return token;
    } catch (error) {
      if (held === undefined || isNotFound(error) || clock.now() >= held.expiresAt) throw error;
      log.warn(
        { uid, error: String(error) },
        'a service account token cannot be renewed; the old one still holds',
      );
      this.#keep(uid, wanted.key, { ...held, staleAt: clock.now() + againMs });
      return held.token;
    }
  }

  /** When the first of the Pod's tokens should be asked for anew, in milliseconds since the epoch; Infinity = never. */
  staleAt(uid: string): number {
    return Math.min(Infinity, ...[...(this.#held.get(uid)?.values() ?? [])].map(({ staleAt }) => staleAt));
  }

  /** The Pod is gone, and with it the tokens that are bound to it. */
  forget(uid: string): void {
    this.#held.delete(uid);
  }

  #keep(uid: string, key: string, held: Held): void {
    const tokens = this.#held.get(uid) ?? new Map<string, Held>();
    this.#held.set(uid, tokens.set(key, held));
  }

  async #request(
    { metadata }: Pod,
    { serviceAccount, audience, expirationSeconds }: ReferencedToken,
    signal: AbortSignal,
  ): Promise<Pick<Held, 'token' | 'expiresAt'>> {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: serviceAccount, namespace },
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const { status } = await this.#deps.client.create(tokenRequests, request, {
      name: serviceAccount,
      subresource: 'token',
      signal,
    });
    const expiresAt = Date.parse(status?.expirationTimestamp ?? '');
    const fallback = this.#deps.clock.now() + expirationSeconds * 1000;
    return { token: status?.token ?? '', expiresAt: Number.isNaN(expiresAt) ? fallback : expiresAt };
  }
}
