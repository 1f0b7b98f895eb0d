import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallClock } from '../../providers/contract/index.ts';
import { EngineConnection } from '../../providers/docker/engine/connection.ts';
import { resolveEndpoint } from '../../providers/docker/engine/endpoint.ts';
import { Engine } from '../../providers/docker/engine/engine.ts';
import { nodes, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { Dockerd, whyNoDockerd } from '../docker/dockerd.ts';
import { ensureNodeImage } from '../docker/node-image.ts';
import { eventually } from '../support/eventually.ts';
import { templateOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const deploy = path.join(root, 'manifests/deploy');
const machine = 'machine-0';
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const why = hasKubectl ? whyNoDockerd() : 'there is no kubectl';
if (why !== undefined) console.warn(`skipped: ${why}`);

/**
 * manifests/deploy, applied to a running cluster. Its Pod runs on a node of ours on Docker, for there is no other machine
 * here, from an image that has what the Dockerfile puts in.
 */
describe.skipIf(why !== undefined)('manifests/deploy', () => {
  let world: World;
  let dockerd: Dockerd;
  /** The API server listens on loopback; this is where containers reach it. */
  let door: Server;

  beforeAll(async () => {
    world = await openWorld();
    dockerd = await Dockerd.start();
    door = await openDoor(dockerd.address, Number(new URL(world.cluster.url).port));
    await makeImage(dockerd.host, path.join(world.cluster.folder, 'program'));
    await world.node({
      ...{ node: machine, provider: 'docker', options: { host: dockerd.host }, address: dockerd.address },
      ...{ kubeconfig: world.cluster.kubeconfig, taint: false, scheduler: false },
    });
  }, 180_000);
  afterAll(async () => {
    // Until all is gone: other tests make the same namespace anew.
    await kubectl('delete', '--ignore-not-found', '--timeout=90s', '-k', deploy).catch(() => undefined);
    await world?.client.delete(nodes, { name: 'burst-0' }).catch(() => undefined);
    door?.close();
    try {
      await world?.close();
    } finally {
      await dockerd?.end();
    }
  }, 150_000);

  const kubectl = async (...args: string[]): Promise<string> =>
    (await run('kubectl', ['--kubeconfig', world.cluster.kubeconfig, ...args])).stdout;

  it('runs a daemon whose node takes Pods and shows their logs, with the shipped account and nothing else', async () => {
    const { client } = world;
    await kubectl('apply', '--server-side', '--force-conflicts', '-k', deploy);
    const made = await eventually(async () => {
      const { items } = await client.list(pods, { namespace: 'burstlet' });
      return items[0];
    }, 30);
    // No machine of this cluster is one that the Deployment wants.
    expect(made.spec?.nodeName).toBeUndefined();
    await client.create(pods, onMachine(made, (door.address() as AddressInfo).port, dockerd.address));
    await world.reaches('burstlet', 'burstlet-here', 'Running', 60);

    const { status } = await eventually(async () => {
      const node = await client.get(nodes, { name: 'burst-0' });
      return node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
        ? node
        : undefined;
    }, 30);
    const { podIP } = (await client.get(pods, { namespace: 'burstlet', name: 'burstlet-here' })).status ?? {};
    expect(status?.addresses).toContainEqual({ type: 'InternalIP', address: podIP });

    const namespace = await world.namespace('deployed');
    const { spec } = templateOf();
    await client.create(pods, {
      metadata: { namespace, name: 'hello' },
      spec: { ...spec, nodeSelector: { 'kubernetes.io/hostname': 'burst-0' } },
    });
    await world.reaches(namespace, 'hello', 'Running');
    expect(await kubectl('logs', '-n', namespace, 'hello')).toMatch(/\n$/);
    await kubectl('delete', 'pod', '-n', namespace, 'hello');
    await kubectl('delete', 'pod', '-n', 'burstlet', 'burstlet-here');
  }, 180_000);

  /** The Pod that the Deployment made, on the node of ours, which has no proxy for Services. */
  function onMachine({ spec }: Pod, port: number, address: string): Pod {
    const [container] = spec?.containers ?? [];
    if (spec === undefined || container === undefined) throw new Error('the Pod has no container');
    const { affinity: _, ...rest } = spec;
    const host = 'kubernetes.default.svc';
    const env = [
      { name: 'KUBERNETES_SERVICE_HOST', value: host },
      { name: 'KUBERNETES_SERVICE_PORT', value: String(port) },
    ];
    return {
      metadata: { namespace: 'burstlet', name: 'burstlet-here' },
      spec: {
        ...rest,
        nodeName: machine,
        hostAliases: [{ ip: address, hostnames: [host] }],
        containers: [{ ...container, env }],
      },
    };
  }
});

/** Carries connections on. */
async function openDoor(address: string, port: number): Promise<Server> {
  const server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const)
      one.pipe(other).on('error', () => one.destroy());
  });
  server.listen(0, address);
  await once(server, 'listening');
  return server;
}

/** What the last stage of the Dockerfile says, on the Node.js of this machine. */
async function makeImage(host: string, program: string): Promise<void> {
  await run(process.execPath, ['scripts/build.ts', '--standalone', '--out', program], { cwd: root });
  const dockerfile = await readFile(path.join(root, 'Dockerfile'), 'utf8');
  const [, last = ''] = dockerfile.split(/^FROM .*distroless.*$/m);
  const changes = last.split('\n').filter((line) => /^(ENV|USER|EXPOSE|WORKDIR|ENTRYPOINT|CMD) /.test(line));
  expect(changes.length).toBeGreaterThanOrEqual(5);
  const endpoint = resolveEndpoint(host, {});
  const engine = new Engine(new EngineConnection({ endpoint, clock: wallClock, random: Math.random }));
  try {
    await ensureNodeImage(engine, {
      ...{ repository: 'registry.example/burstlet', tag: '0.1.0', changes: changes.join('\n') },
      node: '/nodejs/bin/node',
      files: { '/app': program, '/app/package.json': path.join(root, 'package.json') },
    });
  } finally {
    await engine.close();
  }
}
