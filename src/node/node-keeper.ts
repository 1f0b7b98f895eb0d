import { isDeepStrictEqual } from 'node:util';
import type { Capacity } from '../../providers/contract/index.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isForbidden, isNotFound } from '../kube/errors.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import { isOlder } from '../kube/resource-version.ts';
import { nodes } from '../kube/resources.ts';
import type { Node, NodeStatus } from '../kube/types.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import {
  conditionsDiffer,
  inPlaceOf,
  type NodeIdentity,
  newNode,
  nodeLabels,
  nodeStatus,
  type ProviderTrouble,
  wantedTaints,
  withTimes,
} from './node-object.ts';

export interface NodeKeeperDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly identity: NodeIdentity;
  readonly capacity: Capacity;
}

/** A status goes out at least this often, changed or not (nodeStatusReportFrequency). */
const reportMs = 300_000;

/**
 * Keeps the Node object as it should be: made when missing, made again when somebody deletes it, patched when
 * something changed and every five minutes. Watches its own Node only; nothing is polled.
 */
export class NodeKeeper {
  readonly #deps: NodeKeeperDeps;
  readonly #informer: Informer<Node>;
  readonly #registered: Promise<Node>;
  #setRegistered: (node: Node) => void = () => {};
  #capacity: Capacity;
  #trouble: ProviderTrouble | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** What the API server took last. It is not compared with what it shows: it writes quantities in its own way. */
  #accepted: NodeStatus | undefined;
  /** The answer to our last write: the watch is behind it for a moment, and what it shows then is no reason to write. */
  #answered: Node | undefined;
  #taintsForbidden = false;
  #wake: () => void = () => {};
  #stale = false;

  constructor(deps: NodeKeeperDeps) {
    this.#deps = deps;
    this.#capacity = deps.capacity;
    this.#registered = new Promise((resolve) => {
      this.#setRegistered = resolve;
    });
    const selection = { fieldSelector: `metadata.name=${deps.identity.name}` };
    this.#informer = createInformer({ ...deps, resource: nodes, selection });
    this.#informer.onEvent(({ type, object }) => {
      if (type === 'deleted' && object.metadata?.uid === this.#answered?.metadata?.uid)
        this.#answered = undefined;
      this.#poke();
    });
  }

  /** Resolves when the Node is in the API server with its status. */
  get registered(): Promise<Node> {
    return this.#registered;
  }

  /** The Node as the API server last showed it, be it by the watch or in answer to a write of ours. */
  get node(): Node | undefined {
    const watched = this.#informer.cache.get(this.#deps.identity.name);
    const answered = this.#answered;
    if (watched === undefined || answered === undefined) return watched ?? answered;
    const { resourceVersion: version = '' } = answered.metadata ?? {};
    return isOlder(watched.metadata?.resourceVersion ?? '', version) ? answered : watched;
  }

  setCapacity(capacity: Capacity): void {
    this.#capacity = capacity;
    this.#poke();
  }

  /** undefined = the provider answers. */
  setTrouble(trouble: ProviderTrouble | undefined): void {
    if (trouble?.message === this.#trouble?.message && trouble?.reason === this.#trouble?.reason) return;
    this.#trouble = trouble;
    this.#poke();
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#informer.run(signal);
    await this.#informer.synced.catch(() => undefined);
    let failures = 0;
    while (!signal.aborted) {
      this.#stale = false;
      try {
        await this.#sync(signal);
        failures = 0;
        await this.#rest(this.#reportedAt + reportMs - this.#deps.clock.now(), signal);
      } catch (error) {
        if (signal.aborted) break;
        if (isNotFound(error)) this.#answered = undefined;
        this.#deps.log.warn({ error: String(error), failures }, 'the Node object could not be written');
        await pause(this.#deps.clock, backoffMs(failures++, 200, 10_000, this.#deps.random), signal);
      }
    }
    await watching;
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { client, identity, clock } = this.#deps;
    const current = this.node ?? (await this.#create(signal));
    const wanted = nodeStatus(identity, this.#capacity, this.#trouble);
    const due = clock.now() - this.#reportedAt >= reportMs;
    if (due || !isDeepStrictEqual(wanted, this.#accepted) || conditionsDiffer(current.status, wanted)) {
      const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
      const conditions = withTimes(wanted.conditions ?? [], current.status?.conditions ?? [], now);
      // What an earlier process offered is not known; no Pod could get from this one what it does not offer itself.
      const before = this.#accepted ?? current.status;
      const capacity = inPlaceOf(before?.capacity, wanted.capacity);
      const allocatable = inPlaceOf(before?.allocatable, wanted.allocatable);
      const body = { status: { ...wanted, capacity, allocatable, conditions } };
      const options = { subresource: 'status', type: 'strategic', signal } as const;
      const node = await client.patch(nodes, { name: identity.name }, body, options);
      this.#answered = node;
      this.#reportedAt = clock.now();
      this.#accepted = wanted;
      this.#setRegistered(node);
    }
    await this.#syncLabels(this.node ?? current, signal);
    await this.#syncTaints(this.node ?? current, signal);
  }

  async #create(signal: AbortSignal): Promise<Node> {
    const { client, identity, log } = this.#deps;
    this.#reportedAt = Number.NEGATIVE_INFINITY;
    try {
      this.#answered = await client.create(nodes, newNode(identity), { signal });
      log.info({ node: identity.name }, 'the node is registered');
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.#answered = await client.get(nodes, { name: identity.name }, { signal });
    }
    return this.#answered;
  }

  async #syncLabels(current: Node, signal: AbortSignal): Promise<void> {
    const { client, identity } = this.#deps;
    const missing = Object.entries(nodeLabels(identity)).filter(
      ([key, value]) => current.metadata?.labels?.[key] !== value,
    );
    if (missing.length === 0) return;
    const body = { metadata: { labels: Object.fromEntries(missing) } };
    this.#answered = await client.patch(nodes, { name: identity.name }, body, { type: 'merge', signal });
  }

  /** NodeRestriction forbids a node identity to change taints after registration; the condition then has to do. */
  async #syncTaints(current: Node, signal: AbortSignal): Promise<void> {
    const { client, identity, log } = this.#deps;
    const taints = current.spec?.taints ?? [];
    const wanted = wantedTaints(taints, this.#trouble);
    if (this.#taintsForbidden || wanted.length === taints.length) return;
    const resourceVersion = current.metadata?.resourceVersion;
    const body = { metadata: { resourceVersion }, spec: { taints: wanted } };
    try {
      this.#answered = await client.patch(nodes, { name: identity.name }, body, { type: 'merge', signal });
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#taintsForbidden = true;
      log.warn(
        { node: identity.name },
        'this identity may not change taints; provider trouble shows as a condition only',
      );
    }
  }

  #poke(): void {
    this.#stale = true;
    this.#wake();
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#stale) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    signal.addEventListener('abort', this.#wake, { once: true });
    await pause(this.#deps.clock, ms, woken.signal);
    signal.removeEventListener('abort', this.#wake);
    this.#wake = () => {};
  }
}
