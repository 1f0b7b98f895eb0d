import type { KubeClient } from '../../src/kube/client.ts';
import { nodes, pods } from '../../src/kube/resources.ts';
import type { Pod, PodStatus } from '../../src/kube/types.ts';

export interface Ceiling {
  readonly upSeconds: number;
  readonly downSeconds: number;
  /** CPU time of everything that belongs to the run, on the way up. */
  readonly upCpuSeconds: number | undefined;
}

export interface CeilingRun {
  readonly client: KubeClient;
  /** Name of the node that they are bound to. */
  readonly node: string;
  readonly pods: readonly Pod[];
  /** So far. */
  readonly cpuSeconds: () => number | undefined;
  /** What a daemon writes when such a Pod is Ready. */
  readonly status: PodStatus;
  /** Works through the names, a fixed number at a time. */
  readonly each: (names: readonly string[], work: (name: string) => Promise<unknown>) => Promise<void>;
}

/**
 * The writes of a storm, and nothing else: no watch is waited for, nothing is decided. The Pods are created by one
 * process and their status written by the same, one call after the other. What the API server alone takes
 * is the most that any daemon could reach with two writes a Pod.
 */
export async function measureCeiling({
  client,
  node,
  pods: all,
  status,
  each,
  cpuSeconds,
}: CeilingRun): Promise<Ceiling> {
  // Controllers take Pods away whose node is not there.
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
  const byName = new Map(all.map((pod) => [pod.metadata?.name ?? '', pod]));
  const names = [...byName.keys()];
  const namespace = all[0]?.metadata?.namespace ?? '';
  const options = { subresource: 'status', type: 'strategic' } as const;
  const cpuBefore = cpuSeconds();
  const upAt = performance.now();
  await each(names, async (name) => {
    const pod = byName.get(name);
    if (pod !== undefined) await client.create(pods, pod);
    await client.patch(pods, { namespace, name }, { status }, options);
  });
  const downAt = performance.now();
  const cpuUp = cpuSeconds();
  await each(names, async (name) => {
    await client.delete(pods, { namespace, name });
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  });
  const endAt = performance.now();
  await client.delete(nodes, { name: node });
  const upCpuSeconds = cpuUp === undefined || cpuBefore === undefined ? undefined : cpuUp - cpuBefore;
  return { upCpuSeconds, upSeconds: (downAt - upAt) / 1000, downSeconds: (endAt - downAt) / 1000 };
}
