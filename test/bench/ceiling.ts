import type { KubeClient } from '../../src/kube/client.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod, PodStatus } from '../../src/kube/types.ts';

export interface Ceiling {
  readonly upSeconds: number;
  readonly downSeconds: number;
}

export interface CeilingRun {
  readonly client: KubeClient;
  /** Pods bound to a node that nobody serves. */
  readonly pods: readonly Pod[];
  /** What a daemon writes when such a Pod is Ready. */
  readonly status: PodStatus;
  /** Works through the names, a fixed number at a time. */
  readonly each: (names: readonly string[], work: (name: string) => Promise<unknown>) => Promise<void>;
}

/**
 * The writes of a storm, and nothing else: no watch is waited for, nothing is decided. What the API server alone takes
 * is the most that any daemon could reach with two writes a Pod.
 */
export async function measureCeiling({ client, pods: all, status, each }: CeilingRun): Promise<Ceiling> {
  const byName = new Map(all.map((pod) => [pod.metadata?.name ?? '', pod]));
  const names = [...byName.keys()];
  const namespace = all[0]?.metadata?.namespace ?? '';
  const options = { subresource: 'status', type: 'strategic' } as const;
  const upAt = performance.now();
  await each(names, async (name) => {
    const pod = byName.get(name);
    if (pod !== undefined) await client.create(pods, pod);
    await client.patch(pods, { namespace, name }, { status }, options);
  });
  const downAt = performance.now();
  await each(names, async (name) => {
    await client.delete(pods, { namespace, name });
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  });
  return { upSeconds: (downAt - upAt) / 1000, downSeconds: (performance.now() - downAt) / 1000 };
}
