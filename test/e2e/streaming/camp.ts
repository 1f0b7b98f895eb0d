import { namespaces, pods } from '../../../src/kube/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { accountKubeconfig, applyRbac } from '../support/account.ts';
import { openWorld, type World } from '../support/world.ts';
import type { Ground } from './grounds.ts';

/** A node on a ground, and a namespace for its Pods. */
export interface Camp {
  readonly world: World;
  readonly namespace: string;
  /** Resolves when nothing of it is left. */
  strike(): Promise<void>;
}

export async function pitch(ground: Ground, node: string): Promise<Camp> {
  const { options, close } = await ground.open();
  let world: World | undefined;
  try {
    world = await openWorld();
    await applyRbac(world.client);
    const kubeconfig = await accountKubeconfig(world.client, world.cluster);
    await world.node({ node, provider: ground.provider, options, kubeconfig });
    const namespace = await world.namespace(node);
    return campOf(world, namespace, close);
  } catch (error) {
    await world?.close().catch(() => undefined);
    await close();
    throw error;
  }
}

function campOf(world: World, namespace: string, close: () => Promise<void>): Camp {
  return {
    world,
    namespace,
    async strike() {
      try {
        await world.client.delete(namespaces, { name: namespace });
        await eventually(async () => (await world.client.list(pods, { namespace })).items.length === 0, 60);
        await world.close();
      } finally {
        await close();
      }
    },
  };
}
