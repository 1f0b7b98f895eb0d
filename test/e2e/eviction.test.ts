import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import { eventually } from '../support/eventually.ts';
import { type Camp, pitch } from './streaming/camp.ts';
import { grounds } from './streaming/grounds.ts';
import { podOf } from './support/pods.ts';
import type { World } from './support/world.ts';

const [docker] = grounds.filter(({ provider }) => provider === 'docker');

describe('a Pod on Docker that outgrows the limits of its disk', () => {
  if (docker === undefined || docker.missing !== undefined) {
    it.skip(`skipped: ${docker?.missing}`);
    return;
  }
  let world: World;
  let camp: Camp;
  let namespace: string;
  beforeAll(async () => {
    camp = await pitch(docker, 'full');
    ({ world, namespace } = camp);
  });
  afterAll(() => camp?.strike());

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
