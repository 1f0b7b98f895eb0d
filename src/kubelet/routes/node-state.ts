import type { FastifyInstance } from 'fastify';
import type { Instance } from '../../../providers/contract/index.ts';
import { isLive } from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import type { NodeView } from '../node-view.ts';

export interface NodeStateDeps {
  readonly view: NodeView;
  /** What a kubelet would call its configuration. Holds no secrets. */
  readonly configuration: () => Readonly<Record<string, unknown>>;
}

/** Health, Pods and configuration of the node, as a kubelet tells them. */
export function nodeState(server: FastifyInstance, { view, configuration }: NodeStateDeps): void {
  for (const path of ['/healthz', '/healthz/syncloop'])
    server.get(path, async (_, reply) => {
      const trouble = view.trouble();
      return trouble === undefined ? reply.send('ok') : reply.code(500).send(`${trouble}\n`);
    });
  // Whether this process answers at all.
  for (const path of ['/healthz/ping', '/healthz/log'])
    server.get(path, async (_, reply) => reply.send('ok'));
  server.get('/pods', async () => podList(view.pods()));
  for (const path of ['/runningpods', '/runningpods/'])
    server.get(path, async () => podList(view.instances().filter(isLive).map(runningPod)));
  server.get('/configz', async () => ({ kubeletconfig: configuration() }));
}

function podList(items: readonly Pod[]): object {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}

/** As the provider has it, Pod or no Pod: what of it is known without the API server. */
function runningPod({ owner, containers }: Instance): Pod {
  const running = containers.filter(({ state }) => state.kind === 'running');
  return {
    metadata: { name: owner.name, namespace: owner.namespace, uid: owner.podUid },
    spec: { containers: running.map(({ name, image }) => ({ name, image, resources: {} })) },
    status: {},
  };
}
