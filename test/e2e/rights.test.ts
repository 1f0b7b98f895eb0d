import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { configMaps, events, leases, namespaces, nodes, pods, secrets } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { eventually } from '../support/eventually.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import { refused, used } from './support/audit.ts';
import type { Daemon } from './support/daemon.ts';
import { podOf } from './support/pods.ts';
import { openWorld, type World } from './support/world.ts';

/** The shipped RBAC grants what the daemon does and nothing more: it is brought to do all of it. */
const user = 'system:serviceaccount:burstlet:burstlet';
let world: World;
let rbac: KubeObject[];
let kubeconfig: string;
let namespace: string;
let daemon: Daemon;

beforeAll(async () => {
  world = await openWorld();
  rbac = await applyRbac(world.client);
  kubeconfig = await accountKubeconfig(world.client, world.cluster);
  namespace = await world.namespace('rights');
  daemon = await world.node({ node: 'rights', provider: 'mock', kubeconfig, flags: ['--deregister'] });
});
afterAll(async () => {
  await world.client.delete(namespaces, { name: namespace });
  await world.close();
});

it('a Pod that refers to objects waits for them, and starts when they are there', async () => {
  const { client } = world;
  const [container] = podOf(namespace, '').spec?.containers ?? [];
  const env = [
    { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
    { name: 'B', valueFrom: { secretKeyRef: { name: 'credentials', key: 'b' } } },
  ];
  const spec = {
    // Bound by the daemon's own scheduler, with a token volume.
    schedulerName: 'burstlet',
    automountServiceAccountToken: true,
    ...(container && { containers: [{ ...container, env }] }),
  };
  await client.create(pods, podOf(namespace, 'refers', { spec }));
  const waits = (text: string) =>
    eventually(async () => (await world.eventsOf(namespace, 'refers')).some((event) => event.includes(text)));
  await waits('configmap "settings" not found');
  const metadata = { namespace, name: 'settings' };
  await client.create(configMaps, { metadata, data: {} });
  await waits("couldn't find key a");
  await client.patch(configMaps, metadata, { data: { a: '1' } }, { type: 'merge' });
  await waits('secret "credentials" not found');
  const data = { b: Buffer.from('2').toString('base64') };
  await client.create(secrets, { metadata: { namespace, name: 'credentials' }, data });
  await world.reaches(namespace, 'refers', 'Running');
  expect(await world.raw(`/api/v1/namespaces/${namespace}/pods/refers/log`)).toContain('started');
});

describe('on host processes', () => {
  // The second daemon finds the certificate request of the first.
  const settings = { tls: { serverTLSBootstrap: true } };
  const options = () => ({ node: 'processes', provider: 'process', kubeconfig, settings }) as const;
  const container = { name: 'main', image: 'burstlet.dev/host' };
  let first: Daemon;
  beforeAll(async () => {
    first = await world.node(options());
  });

  it('an Event that comes again is counted up', async () => {
    const { client } = world;
    const spec = { nodeName: 'processes', containers: [{ ...container, command: ['false'] }] };
    await client.create(pods, podOf(namespace, 'fails', { spec }));
    await eventually(async () => {
      const { items } = await client.list(events, { namespace });
      return items.some(({ reason, count = 1 }) => reason === 'Started' && count > 1);
    }, 60);
    await client.delete(pods, { namespace, name: 'fails' });
    await eventually(async () => (await first.sandboxes()).length === 0, 30);
  });

  it('an instance whose Pod went while the daemon was away goes, once the API server says so', async () => {
    const { client } = world;
    const spec = { nodeName: 'processes', containers: [{ ...container, command: ['sleep', '600'] }] };
    await client.create(pods, podOf(namespace, 'forsaken', { spec }));
    await world.reaches(namespace, 'forsaken', 'Running');
    await first.stop();
    await client.delete(pods, { namespace, name: 'forsaken' }, { gracePeriodSeconds: 0 });
    expect(await first.sandboxes()).toHaveLength(1);
    const second = await world.node(options());
    await eventually(async () => (await second.sandboxes()).length === 0, 60);
  });
});

it('a node that is deregistered is gone, with its Pods and its Lease', async () => {
  expect(await daemon.metric('burstlet_pods')).toBe(1);
  expect(await daemon.stop()).toBe(0);
  expect(await world.find(nodes, '', 'rights')).toBeUndefined();
  expect(await world.find(leases, 'kube-node-lease', 'rights')).toBeUndefined();
  expect((await world.client.list(pods, { namespace })).items).toEqual([]);
});

it('no call is refused, and no granted verb is unused', async () => {
  expect(await refused(inject('controlPlane').auditLog, user)).toEqual([]);
  const calls = await used(inject('controlPlane').auditLog, user);
  expect(grants(rbac).filter((grant) => !calls.has(grant) && !inRacesOnly.includes(grant))).toEqual([]);
});

/** Read when somebody else made the Node between our watch and our create. */
const inRacesOnly = ['get nodes'];

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

/** `patch pods/status`, for every verb on every resource. */
function grants(objects: readonly KubeObject[]): string[] {
  const rules = objects.flatMap((object) => (object as { rules?: Rule[] }).rules ?? []);
  return rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => {
        const [name, subresource] = resource.split('/');
        const full = `${name}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
        return verbs.map((verb) => `${verb} ${full}`);
      }),
    ),
  );
}
