import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import { leases, nodes, pods } from '../kube/resources.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { leaseNamespace } from './lease-keeper.ts';

export interface DeregisterDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly nodeName: string;
  /** Keep the finished Pods' objects waiting for at most this long. */
  readonly timeoutMs: number;
}

const lookMs = 1_000;

/**
 * Takes the node out of the cluster for good: no new Pods, those on it deleted with their grace periods (the daemon
 * stops their instances meanwhile), then the Node and its Lease. Rejects when Pods are left at the end of the time:
 * the Node then stays, for it is what their instances are found by.
 */
export async function deregister(deps: DeregisterDeps, signal: AbortSignal): Promise<void> {
  const { client, clock, log, nodeName, timeoutMs } = deps;
  const selection = { fieldSelector: `spec.nodeName=${nodeName}` };
  await ignoreMissing(
    client.patch(nodes, { name: nodeName }, { spec: { unschedulable: true } }, { type: 'merge', signal }),
  );
  const end = clock.now() + timeoutMs;
  for (;;) {
    const { items } = await client.list(pods, { ...selection, signal });
    if (items.length === 0) break;
    if (clock.now() >= end || signal.aborted) {
      const names = items.slice(0, 5).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
      throw new Error(
        `${items.length} Pods are still on node ${nodeName} (${names.join(', ')}); the node stays registered`,
      );
    }
    for (const { metadata } of items) {
      const { name = '', namespace = '', uid = '' } = metadata ?? {};
      if (metadata?.deletionTimestamp === undefined)
        await ignoreMissing(client.delete(pods, { name, namespace }, { uid, signal }));
    }
    await pause(clock, lookMs, signal);
  }
  await ignoreMissing(client.delete(nodes, { name: nodeName }, { signal }));
  await ignoreMissing(client.delete(leases, { name: nodeName, namespace: leaseNamespace }, { signal }));
  log.info({ node: nodeName }, 'the node is deregistered');
}

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
