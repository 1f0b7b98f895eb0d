import type { KubeClient } from '../../src/kube/client.ts';

/** The same client, some of whose calls are others. */
export function meddled(client: KubeClient, calls: Partial<KubeClient>): KubeClient {
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    create: (...args) => client.create(...args),
    update: (...args) => client.update(...args),
    patch: (...args) => client.patch(...args),
    delete: (...args) => client.delete(...args),
    watch: (...args) => client.watch(...args),
    close: () => client.close(),
    ...calls,
  };
}
