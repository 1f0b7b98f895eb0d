import type { KubeClient } from '../../../src/kube/client.ts';
import { nodes } from '../../../src/kube/resources.ts';
import { eventually } from '../../support/eventually.ts';

/** What stands behind a Node: a daemon of ours or a kubelet. */
export interface NodeProcess {
  readonly node: string;
  log(): string;
}

/** Resolves when Pods can be bound to it. Rejects with the end of its log. */
export async function untilReady(client: KubeClient, { node, log }: NodeProcess): Promise<void> {
  try {
    await eventually(() => isReady(client, node), 90);
  } catch (error) {
    throw new Error(`node ${node}: ${String(error)}\n${log().slice(-2000)}`);
  }
}

async function isReady(client: KubeClient, name: string): Promise<boolean> {
  const { status, spec } = await client.get(nodes, { name });
  const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
  const waits = spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready');
  return ready === true && waits !== true;
}
