import type { KubeClient } from '../kube/client.ts';
import { ConnectionError, isConflict, isNotFound, StatusError } from '../kube/errors.ts';
import { leases, nodes, pods } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { leaseNamespace } from './lease-keeper.ts';

export interface DeregisterDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: KubeClient;
  readonly nodeName: string;
  /** Longest wait for the Pods to go. */
  readonly timeoutMs: number;
  /** Ends those who would make the Node and its Lease anew, and resolves when they have ended. */
  readonly letGo: () => Promise<void>;
}

const lookMs = 1_000;

/**
 * Takes the node out of the cluster for good: no new Pods, those on it deleted with their grace periods (the daemon
 * stops their instances meanwhile), then the Node and its Lease. Rejects when Pods are left at the end of the time:
 * the Node then stays, for it is what their instances are found by. An API server that is away is waited for.
 */
export async function deregister(deps: DeregisterDeps, signal: AbortSignal): Promise<void> {
  const { client, clock, log, nodeName, timeoutMs } = deps;
  const end = clock.now() + timeoutMs;
  for (let left = await drainOnce(deps, signal); left.length > 0; left = await drainOnce(deps, signal)) {
    if (clock.now() >= end || signal.aborted) throw new Error(leftOver(nodeName, left));
    await pause(clock, lookMs, signal);
  }
  await deps.letGo();
  await ignoreGone(client.delete(nodes, { name: nodeName }, { signal }));
  await ignoreGone(client.delete(leases, { name: nodeName, namespace: leaseNamespace }, { signal }));
  log.info({ node: nodeName }, 'the node is deregistered');
}

/** Cordons the node and asks every Pod to go. What is still there, or `unknown` when that cannot be said now. */
async function drainOnce(deps: DeregisterDeps, signal: AbortSignal): Promise<readonly string[]> {
  const { client, log, nodeName } = deps;
  try {
    const cordon = { spec: { unschedulable: true } };
    await ignoreGone(client.patch(nodes, { name: nodeName }, cordon, { type: 'merge', signal }));
    const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${nodeName}`, signal });
    const ours = items.filter((pod) => !isDaemonPod(pod));
    for (const { metadata } of ours) {
      const { name = '', namespace = '', uid = '' } = metadata ?? {};
      if (metadata?.deletionTimestamp === undefined)
        await ignoreGone(client.delete(pods, { name, namespace }, { uid, signal }));
    }
    return ours.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  } catch (error) {
    const passing = error instanceof StatusError ? error.code >= 500 : error instanceof ConnectionError;
    if (!passing || signal.aborted) throw error;
    log.warn({ node: nodeName, error: String(error) }, 'the node cannot be drained now; trying again');
    return ['unknown'];
  }
}

/** Refused here, so it has no instance; and its DaemonSet would replace it for as long as the Node is there. */
function isDaemonPod({ metadata }: Pod): boolean {
  return (metadata?.ownerReferences ?? []).some(({ kind, controller }) => controller && kind === 'DaemonSet');
}

function leftOver(nodeName: string, left: readonly string[]): string {
  const some = left.slice(0, 5).join(', ');
  return `${left.length} Pods are still on node ${nodeName} (${some}); the node stays registered`;
}

/** Not there any more, or another of the same name: what was to go is gone. */
async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
