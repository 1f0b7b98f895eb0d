import { Agent, request } from 'undici';
import { inject } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import { events, namespaces, nodes, pods, type Resource } from '../../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../../src/kube/types.ts';
import { eventually } from '../../support/eventually.ts';
import { refused } from './audit.ts';
import { clientOf } from './client.ts';
import type { Daemon, DaemonOptions } from './daemon.ts';
import { startDaemon } from './daemon.ts';
import type { SharedControlPlane } from './global-setup.ts';
import { untilReady } from './ready-node.ts';
import { serviceAccounts } from './resources.ts';

/** The cluster as an administrator sees it. */
export interface World {
  readonly cluster: WorldCluster;
  readonly client: KubeClient;
  /** GET of any path of the API server: the body. Rejects when the answer is not 200. */
  raw(path: string): Promise<string>;
  /** Starts a daemon and waits until its node is Ready. */
  node(options: Omit<DaemonOptions, 'raw' | 'folder'>): Promise<Daemon>;
  /** A new namespace in which Pods can be made; its name. */
  namespace(prefix: string): Promise<string>;
  /** The object, or undefined when it is not there. */
  find<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T | undefined>;
  /** Resolves with the Pod once it is in this phase and, when Running, Ready. */
  reaches(namespace: string, name: string, phase: string, seconds?: number): Promise<Pod>;
  /** `Reason: message` of the Events about an object. */
  eventsOf(namespace: string, name: string): Promise<string[]>;
  /** Ends what `node` started, removes their Nodes, and fails when a daemon was refused anything or logged an error. */
  close(): Promise<void>;
}

/** As the audit policy has them. */
export const daemonUsers = ['system:serviceaccount:burstlet:burstlet', 'system:node:burst-0'];

/** A control plane of a test's own has no audit log. */
type WorldCluster = Omit<SharedControlPlane, 'nodeKubeconfig' | 'serving' | 'auditLog'>;

export async function openWorld(own?: WorldCluster): Promise<World> {
  const shared = inject('controlPlane');
  const cluster = own ?? shared;
  const { kubeconfig, url, caPem, token, folder } = cluster;
  const client = await clientOf(kubeconfig);
  const dispatcher = new Agent({ connect: { ca: caPem } });
  // The certificate of a node is self-signed, and the API server proxies to no loopback address.
  const nodeDispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const daemons: Daemon[] = [];

  async function read(target: string, through: Agent): Promise<string> {
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(target, { dispatcher: through, headers });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${target}: ${statusCode} ${text.slice(0, 300)}`);
    return text;
  }
  async function readNode(node: string, path: string): Promise<string> {
    const { status } = await client.get(nodes, { name: node });
    return read(`https://127.0.0.1:${status?.daemonEndpoints?.kubeletEndpoint?.Port}${path}`, nodeDispatcher);
  }

  const world: World = {
    cluster,
    client,
    raw: (path) => read(`${url}${path}`, dispatcher),
    async node(options) {
      const daemon = await startDaemon({
        ...{ ...options, folder },
        raw: (path) => readNode(options.node, path),
      });
      daemons.push(daemon);
      await untilReady(client, daemon);
      return daemon;
    },
    async namespace(prefix) {
      const object = { metadata: { name: `${prefix}-${Math.random().toString(36).slice(2, 8)}` } };
      const { metadata } = await client.create(namespaces, object);
      const name = metadata?.name ?? '';
      // Pods are refused until a controller has made it.
      await eventually(() => world.find(serviceAccounts, name, 'default'), 30);
      return name;
    },
    async find(resource, namespace, name) {
      try {
        return await client.get(resource, { namespace, name });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async reaches(namespace, name, phase, seconds = 30) {
      let last: Pod | undefined;
      try {
        return await eventually(async () => {
          last = await world.find(pods, namespace, name);
          const ready = last?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
          return last?.status?.phase === phase && (phase !== 'Running' || ready) ? last : undefined;
        }, seconds);
      } catch {
        throw new Error(
          `${namespace}/${name} is not ${phase} after ${seconds} s: ${JSON.stringify(last?.status)}`,
        );
      }
    },
    async eventsOf(namespace, name) {
      const { items } = await client.list(events, {
        namespace,
        fieldSelector: `involvedObject.name=${name}`,
      });
      return items.map(({ reason, message }) => `${reason}: ${message}`);
    },
    async close() {
      const wrong: string[] = [];
      for (const daemon of daemons) {
        await daemon.stop();
        wrong.push(...daemon.complaints());
        await client.delete(nodes, { name: daemon.node }).catch(() => undefined);
      }
      if (own === undefined)
        for (const user of daemonUsers) wrong.push(...(await refused(shared.auditLog, user)));
      await client.close();
      await Promise.all([dispatcher.destroy(), nodeDispatcher.destroy()]);
      if (wrong.length > 0) throw new Error(`what went wrong in the daemons:\n${wrong.join('\n')}`);
    },
  };
  return world;
}
