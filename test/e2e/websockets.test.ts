import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { bulkDigest } from './streaming/bulk.ts';
import { echo } from './streaming/echo.ts';
import { echoServer } from './streaming/echo-server.ts';
import { type Carrier, Kubectl } from './streaming/kubectl.ts';
import { RecordingDoor } from './streaming/recording-door.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/**
 * From 1.36 on an API server passes the WebSockets of clients on to nodes that declare ExtendWebSocketsToKubelet, and makes
 * SPDY of them for all others. What really comes to the node is seen by a door in front of it.
 */
describe('WebSockets of kubectl', () => {
  const name = 'websockets';
  let world: World;
  let namespace: string;
  let door: RecordingDoor;
  let minor: number;

  beforeAll(async () => {
    world = await openWorld();
    minor = Number.parseInt(JSON.parse(await world.raw('/version')).minor, 10);
    await applyRbac(world.client);
    const kubeconfig = await accountKubeconfig(world.client, world.cluster);
    await world.node({ node: name, provider: 'process', kubeconfig });
    namespace = await world.namespace(name);
    const main = { name: 'main', image: 'burstlet.dev/host', ...echoServer(7000) };
    const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [main] };
    await world.client.create(pods, podOf(namespace, 'main', { spec }));
    await world.reaches(namespace, 'main', 'Running');
    const { status } = await world.client.get(nodes, { name });
    const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
    door = await RecordingDoor.open(inject('controlPlane'), port);
    await patch({ daemonEndpoints: { kubeletEndpoint: { Port: door.port } } });
  });
  afterAll(async () => {
    door?.close();
    await world?.client.delete(namespaces, { name: namespace });
    await eventually(async () => (await world.client.list(pods, { namespace })).items.length === 0, 60);
    await world?.close();
  });

  async function patch(status: Record<string, unknown>): Promise<void> {
    await world.client.patch(nodes, { name }, { status }, { subresource: 'status', type: 'strategic' });
  }

  /** What came to the node for an exec and a port-forward, both of which have worked. */
  async function seen(
    carrier: Carrier,
  ): Promise<(readonly [string, string | undefined, string | undefined])[]> {
    const kubectl = new Kubectl(world.cluster.kubeconfig, namespace, carrier);
    const before = door.heads.length;
    // The end of the input has to arrive too.
    const exec = ['exec', '-i', 'main', '--', 'sh', '-c', 'cat; echo err >&2; exit 3'];
    const ended = await kubectl.run(exec, 'there and back\n');
    expect(ended).toMatchObject({ code: 3, out: 'there and back\n' });
    // kubectl may log before it that it did not expect the empty message with which a session begins.
    expect(ended.err).toMatch(/^err$/m);
    const session = kubectl.start(['port-forward', 'pod/main', ':7000']);
    try {
      const local = /127\.0\.0\.1:(\d+) ->/;
      await eventually(() => local.test(session.out()), 20);
      const port = Number(local.exec(session.out())?.[1]);
      expect(await echo(port, 1_000_000)).toEqual(bulkDigest(1_000_000));
    } finally {
      session.child.kill('SIGINT');
      await session.ended;
    }
    return door.heads
      .slice(before)
      .map(({ request, headers }) => [
        request.replace(/^(\w+ \/\w+).*$/, '$1'),
        headers.get('upgrade')?.toLowerCase(),
        headers.get('sec-websocket-protocol'),
      ]);
  }

  it('come to a node that declares it as they are', async ({ skip }) => {
    if (minor < 36) skip(`Kubernetes 1.${minor} has no ExtendWebSocketsToKubelet`);
    const { status } = await world.client.get(nodes, { name });
    expect(status?.declaredFeatures).toEqual(['ExtendWebSocketsToKubelet']);
    expect(await seen('WebSocket')).toEqual([
      ['GET /exec', 'websocket', expect.stringContaining('v5.channel.k8s.io')],
      ['GET /portForward', 'websocket', 'SPDY/3.1+portforward.k8s.io'],
    ]);
  });

  it('come as SPDY when the client speaks that', async () => {
    expect(await seen('SPDY')).toEqual([
      ['POST /exec', 'spdy/3.1', undefined],
      ['POST /portForward', 'spdy/3.1', undefined],
    ]);
  });

  it('come as SPDY to a node that does not declare it', async () => {
    await patch({ declaredFeatures: [] });
    const heads = await seen('WebSocket');
    expect(heads.map(([, upgrade]) => upgrade)).toEqual(['spdy/3.1', 'spdy/3.1']);
  });
});
