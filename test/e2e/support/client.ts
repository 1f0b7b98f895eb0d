import type { KubeClient } from '../../../src/kube/client.ts';
import { loadClusterAccess } from '../../../src/kube/cluster-access.ts';
import { createKubeClient } from '../../../src/kube/rest-client.ts';
import { systemClock as clock } from '../../../src/telemetry/clock.ts';
import { silentLog as log } from '../../../src/telemetry/log.ts';

/** The cluster as the user of a kubeconfig sees it; the caller closes it. */
export async function clientOf(kubeconfig: string): Promise<KubeClient> {
  const access = await loadClusterAccess({ kubeconfig }, { clock, log, env: {}, home: '/' });
  return createKubeClient({ ...access, clock, log, random: Math.random });
}
