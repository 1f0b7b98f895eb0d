import type { Instance, InstanceSpec } from '../contract/index.ts';
import { ProviderError, providerErrorKind } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import { codeOf } from './api/errors.ts';
import type { Fleet } from './fleet.ts';
import type { KnownInstances } from './known.ts';
import type { EciOptions } from './options.ts';
import type { PriceBook } from './prices.ts';
import type { GroupReader } from './reader.ts';
import { createRequest } from './request/create-request.ts';
import { withoutSecrets } from './request/secrets.ts';
import { ownerOf } from './view/group-view.ts';

/** Tokens whose outcome is open. More at a time than any node has Pods. */
const mostDoubts = 50_000;

export interface CreationsDeps {
  readonly calls: Calls;
  readonly fleet: Fleet;
  readonly known: KnownInstances;
  readonly reader: GroupReader;
  readonly options: EciOptions;
  readonly prices: PriceBook;
}

/**
 * How instances come to be, at most one per token. The API keeps that by itself, for a time that is written nowhere
 * and only while nothing in the request has changed; so a token whose answer was lost is first looked for by the tags.
 */
export class Creations {
  readonly #deps: CreationsDeps;
  readonly #underWay = new Map<string, Promise<Instance>>();
  readonly #doubtful = new Set<string>();

  constructor(deps: CreationsDeps) {
    this.#deps = deps;
  }

  create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    const same = this.#underWay.get(token);
    if (same !== undefined) return same;
    const creation = this.#create(spec, token, signal).finally(() => this.#underWay.delete(token));
    this.#underWay.set(token, creation);
    return creation;
  }

  async #create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    if (signal.aborted) throw new ProviderError('Retryable', 'create: given up by the caller');
    const known = this.#deps.known.byToken(spec.owner);
    if (known !== undefined) return known;
    if (this.#doubtful.has(token)) {
      const found = await this.#find(spec, signal);
      if (found !== undefined) return this.#settled(token, found);
    }
    const id = await this.#buy(spec, token, signal);
    return typeof id === 'string' ? this.#accepted(spec, token, id, signal) : this.#settled(token, id);
  }

  /** The ID of the group, or the instance that an earlier call with this token has made. */
  async #buy(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<string | Instance> {
    const { calls, options } = this.#deps;
    const { request, further } = createRequest(spec, token, options);
    try {
      const wishes = { urgency: 'create', further } as const;
      const { containerGroupId } = await calls.call('createContainerGroup', request, wishes, signal);
      if (containerGroupId) return containerGroupId;
      throw new ProviderError('Retryable', 'createContainerGroup: the answer names no instance');
    } catch (error) {
      if (providerErrorKind(error) === 'Retryable') this.#doubt(token);
      if (codeOf(error) !== 'IdempotentParameterMismatch') throw told(error, spec);
      const found = await this.#find(spec, signal);
      if (found !== undefined) return found;
      throw new ProviderError(
        'Retryable',
        'createContainerGroup: an earlier call with this token made an instance that is not shown yet',
      );
    }
  }

  async #accepted(spec: InstanceSpec, token: string, id: string, signal: AbortSignal): Promise<Instance> {
    const { known, fleet, prices } = this.#deps;
    const { owner, purchase } = spec;
    if (purchase) prices.want(purchase.market, purchase.size);
    const ref = { id, podUid: owner.podUid };
    const accepted = known.accepted(ref, owner, (purchase?.size.cpuMillis ?? 0) / 1000);
    // The instance exists: that it cannot be looked at is no reason to say otherwise.
    const seen = await fleet.look(id, 'create', signal).catch(() => undefined);
    known.pinned(id);
    return this.#settled(token, seen ?? known.get(id) ?? accepted);
  }

  async #find(spec: InstanceSpec, signal: AbortSignal): Promise<Instance | undefined> {
    const { reader, fleet } = this.#deps;
    const { podUid, attempt, clusterUid } = spec.owner;
    for (const group of await reader.ofPod(podUid, signal)) {
      const owner = ownerOf(group);
      if (owner?.attempt === attempt && owner.clusterUid === clusterUid) return fleet.take(group);
    }
    return undefined;
  }

  #settled(token: string, instance: Instance): Instance {
    this.#doubtful.delete(token);
    return instance;
  }

  #doubt(token: string): void {
    this.#doubtful.add(token);
    for (const oldest of this.#doubtful) {
      if (this.#doubtful.size <= mostDoubts) return;
      this.#doubtful.delete(oldest);
    }
  }
}

/** With the offer that was short, and without what is secret in the request, should the vendor have repeated it. */
function told(error: unknown, spec: InstanceSpec): unknown {
  if (!(error instanceof ProviderError)) return error;
  const { kind, message, retryAfterMs, field } = error;
  const offer = kind === 'OutOfStock' ? spec.purchase?.offer : undefined;
  return new ProviderError(kind, withoutSecrets(message, spec), {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(field !== undefined && { field }),
    ...(offer !== undefined && { offer }),
  });
}
