import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { wallClock } from '../../providers/contract/index.ts';
import { EngineConnection } from '../../providers/docker/engine/connection.ts';
import { resolveEndpoint } from '../../providers/docker/engine/endpoint.ts';
import { Engine } from '../../providers/docker/engine/engine.ts';
import { SandboxImage, sandboxImage } from '../../providers/docker/image/sandbox-image.ts';
import { startControlPlane } from '../../src/controlplane/control-plane.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { configMaps, namespaces } from '../../src/kube/resources.ts';
import { makeImages } from '../conformance/images.ts';
import { Dockerd } from '../docker/dockerd.ts';
import { clientOf } from '../e2e/support/client.ts';
import { startDaemon } from '../e2e/support/daemon.ts';
import { untilReady } from '../e2e/support/ready-node.ts';
import { serviceAccounts } from '../e2e/support/resources.ts';
import { eventually } from '../support/eventually.ts';
import { agnhostImage, busyboxImage } from './case.ts';
import { makeCgroup } from './cgroup.ts';
import { Containerd } from './containerd.ts';
import { startKubelet } from './kubelet.ts';
import type { Side } from './play.ts';

/** A daemon that is told to end. */
const endsWithinMs = 20_000;

/** One API server with two nodes: a real kubelet and ours. */
export interface Stage {
  readonly client: KubeClient;
  /** Of the engine of our node: `unix://...`. */
  readonly host: string;
  readonly kubelet: Side;
  readonly burstlet: Side;
  /** Of the two nodes. */
  logs(): { readonly kubelet: string; readonly burstlet: string };
  /** Ends everything, whatever was begun. */
  end(): Promise<void>;
}

/** Programs of a release in `assets`, kubelet and agnhost among them. */
export async function openStage(assets: string, say: (line: string) => void): Promise<Stage> {
  const ends: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).reverse()) await one();
  };
  try {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-oracle-'));
    ends.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    say('starting dockerd and containerd, making images ...');
    const dockerd = await Dockerd.start();
    ends.push(() => dockerd.end());
    await makeImages(dockerd.host, path.join(assets, 'agnhost'));
    await makeSandboxImage(dockerd.host);
    const cgroup = await makeCgroup();
    ends.push(() => cgroup.remove());
    const containerd = await Containerd.start();
    ends.push(() => containerd.end());
    await containerd.copyImages(dockerd.host, [sandboxImage, busyboxImage, agnhostImage]);
    say('starting the control plane and both nodes ...');
    const cluster = await startControlPlane({ assets });
    ends.push(() => cluster.stop());
    const kubeconfig = path.join(folder, 'admin.kubeconfig');
    await cluster.writeKubeconfig(kubeconfig);
    const client = await clientOf(kubeconfig);
    ends.push(() => client.close());
    const kubelet = await startKubelet(assets, cluster, containerd, cgroup);
    ends.push(() => kubelet.stop());
    const daemon = await startDaemon({
      ...{ node: 'burst-0', provider: 'docker', options: { host: dockerd.host } },
      ...{ kubeconfig, folder, address: dockerd.address, taint: false, scheduler: false },
    });
    ends.push(async () => {
      const late = setTimeout(() => {
        say(`the daemon does not end:\n${daemon.log().slice(-2_000)}`);
        daemon.signal('SIGKILL');
      }, endsWithinMs);
      await daemon.stop();
      clearTimeout(late);
    });
    await Promise.all([untilReady(client, kubelet), untilReady(client, daemon)]);
    return {
      client,
      host: dockerd.host,
      kubelet: { node: kubelet.node, namespace: await makeNamespace(client, 'on-kubelet') },
      burstlet: { node: daemon.node, namespace: await makeNamespace(client, 'on-burstlet') },
      logs: () => ({ kubelet: kubelet.log(), burstlet: daemon.log() }),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Both nodes hold their Pods together with the same program. */
async function makeSandboxImage(host: string): Promise<void> {
  const endpoint = resolveEndpoint(host, {});
  const engine = new Engine(new EngineConnection({ endpoint, clock: wallClock, random: Math.random }));
  try {
    await new SandboxImage(engine).ensure(AbortSignal.timeout(60_000));
  } finally {
    await engine.close();
  }
}

async function makeNamespace(client: KubeClient, name: string): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  // Pods are refused, or wait for their token, until controllers have made these.
  await eventually(() => exists(client.get(serviceAccounts, { namespace: name, name: 'default' })), 30);
  await eventually(() => exists(client.get(configMaps, { namespace: name, name: 'kube-root-ca.crt' })), 30);
  return name;
}

function exists(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    },
  );
}
