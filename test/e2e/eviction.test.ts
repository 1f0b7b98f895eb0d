import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { grounds, type OpenGround } from './streaming/grounds.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

const [docker] = grounds.filter(({ provider }) => provider === 'docker');

describe('a Pod on Docker that outgrows the limits of its disk', () => {
  if (docker === undefined || docker.missing !== undefined) {
    it.skip(`skipped: ${docker?.missing}`);
    return;
  }
  let world: World;
  let open: OpenGround;
  let namespace: string;
  beforeAll(async () => {
    open = await docker.open();
    world = await openWorld();
    await applyRbac(world.client);
    const kubeconfig = await accountKubeconfig(world.client, world.cluster);
    await world.node({ node: 'full', provider: 'docker', options: open.options, kubeconfig });
    namespace = await world.namespace('full');
  });
  afterAll(async () => {
    try {
      await world?.client.delete(namespaces, { name: namespace });
      await eventually(async () => (await world.client.list(pods, { namespace })).items.length === 0, 60);
      await world?.close();
    } finally {
      await open?.close();
    }
  });

  it.each([
    ['volume', { sizeLimit: '1Mi' }, {}, 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". '],
    [
      'total',
      {},
      { limits: { 'ephemeral-storage': '3M' } },
      'Pod ephemeral local storage usage exceeds the total limit of containers 3M. ',
    ],
  ])('is evicted as by a kubelet: %s', async (name, emptyDir, resources, message) => {
    const script = 'dd if=/dev/zero of=/data/file bs=1M count=4; exec sleep 600';
    const main = {
      ...{ name: 'main', image: docker.image, command: ['sh', '-c', script], resources },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    const spec = { restartPolicy: 'Always', containers: [main], volumes: [{ name: 'data', emptyDir }] };
    await world.client.create(pods, podOf(namespace, name, { spec }));
    const { status } = await world.reaches(namespace, name, 'Failed', 60);
    expect(status).toMatchObject({ reason: 'Evicted', message });
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
    expect(status?.containerStatuses?.[0]?.restartCount).toBe(0);
    // Breaking a limit of its own is no disruption: upstream gives no such condition for it.
    expect(status?.conditions?.map(({ type }) => type)).not.toContain('DisruptionTarget');
    const events = await eventually(async () => {
      const found = await world.eventsOf(namespace, name);
      return found.some((event) => event.startsWith('Evicted')) ? found : undefined;
    }, 20);
    expect(events).toContain(`Evicted: ${message}`);
  });
});
