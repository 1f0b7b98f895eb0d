import type { KubeClient } from '../../kube/client.ts';
import { namespaces } from '../../kube/resources.ts';
import { backoffMs } from '../../telemetry/backoff.ts';
import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';

/** UID of the namespace kube-system, by which instances are tied to their cluster. Waits for an API server that is away. */
export async function readClusterUid(
  deps: {
    readonly client: KubeClient;
    readonly clock: Clock;
    readonly random: () => number;
    readonly log: Log;
  },
  signal: AbortSignal,
): Promise<string> {
  for (let failures = 0; ; failures++) {
    try {
      const { metadata } = await deps.client.get(namespaces, { name: 'kube-system' }, { signal });
      if (metadata?.uid !== undefined) return metadata.uid;
      throw new Error('the namespace kube-system has no UID');
    } catch (error) {
      if (signal.aborted) throw error;
      deps.log.warn({ error: String(error), failures }, 'the cluster cannot be identified; trying again');
      await pause(deps.clock, backoffMs(failures, 500, 30_000, deps.random), signal);
      if (signal.aborted) throw error;
    }
  }
}
