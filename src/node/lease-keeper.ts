import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import { leases } from '../kube/resources.ts';
import type { Lease, Node } from '../kube/types.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';

export const leaseNamespace = 'kube-node-lease';
const durationSeconds = 40;
const renewMs = 10_000;
const callTimeoutMs = 10_000;

export interface LeaseKeeperDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly nodeName: string;
  /** The Node as the API server has it, for the owner reference. */
  readonly node: () => Node | undefined;
}

/**
 * Renews the node's Lease every 10 s: the heartbeat by which the control plane knows that this process lives. Nothing
 * else delays it, least of all the provider (component-helpers/apimachinery/lease/controller.go).
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;
  #lease: Lease | undefined;

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps;
  }

  /** Runs until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#renew(signal);
        failures = 0;
        await pause(clock, Math.round(renewMs * (1 + 0.04 * random())), signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: String(error), failures }, 'the node lease could not be renewed');
        await pause(clock, backoffMs(failures++, 200, 7_000, random), signal);
      }
    }
  }

  /** Reads anew, once, when what this process remembers is not what the API server has. */
  async #renew(signal: AbortSignal): Promise<void> {
    for (let again = true; ; again = false) {
      try {
        this.#lease = await this.#write(this.#lease ?? (await this.#read(signal)), signal);
        return;
      } catch (error) {
        this.#lease = undefined;
        const outdated = isConflict(error) || isNotFound(error) || isAlreadyExists(error);
        if (!again || !outdated) throw error;
      }
    }
  }

  #write(lease: Lease | undefined, signal: AbortSignal): Promise<Lease> {
    const { client, nodeName } = this.#deps;
    const call = { signal, timeoutMs: callTimeoutMs };
    if (lease !== undefined) return client.update(leases, this.#wanted(lease), call);
    const fresh = { metadata: { name: nodeName, namespace: leaseNamespace } };
    return client.create(leases, this.#wanted(fresh), call);
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, nodeName } = this.#deps;
    try {
      return await client.get(
        leases,
        { namespace: leaseNamespace, name: nodeName },
        { signal, timeoutMs: callTimeoutMs },
      );
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #wanted(base: Lease): Lease {
    const { clock, nodeName, node } = this.#deps;
    const uid = node()?.metadata?.uid;
    const owner =
      uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }] };
    return {
      ...base,
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...base.metadata, ...owner },
      spec: {
        ...base.spec,
        holderIdentity: nodeName,
        leaseDurationSeconds: durationSeconds,
        renewTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      },
    };
  }
}
