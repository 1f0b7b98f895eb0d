import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'vitest';
import type { RestraintName } from '../../providers/contract/index.ts';
import { type DevSession, startDevSession } from '../../src/cli/wiring/dev-session.ts';
import { events, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { startFakeEci } from '../fakes/eci/index.ts';
import { eciOptions } from '../fakes/eci/provider-options.ts';
import { startFakeEcs } from '../fakes/ecs/index.ts';
import { fargateOptions } from '../fakes/ecs/provider-options.ts';
import { eventually } from '../support/eventually.ts';
import { connectTo, type TestApi } from '../support/test-api.ts';
import type { TestCluster } from '../support/test-cluster.ts';

const annotation = 'burstlet.dev/not-enforced';

interface Cloud {
  readonly provider: string;
  readonly options: Record<string, unknown>;
  /** What it was asked to make. */
  asked(): unknown[];
  close(): Promise<void>;
}

async function eci(): Promise<Cloud> {
  const stages = { schedulingMs: 20, pendingMs: 20, releasingMs: 20 };
  const fake = await startFakeEci({ stages });
  return {
    provider: 'eci',
    options: eciOptions(fake),
    asked: () =>
      fake.cloud.calls
        .filter(({ action }) => action === 'CreateContainerGroup')
        .map(({ parameters }) => Object.fromEntries(parameters)),
    close: () => fake.close(),
  };
}

async function fargate(): Promise<Cloud> {
  const fake = await startFakeEcs();
  return {
    provider: 'fargate',
    options: fargateOptions(fake),
    asked: () => fake.cloud.calls.of('RegisterTaskDefinition').map(({ input }) => input),
    close: () => fake.close(),
  };
}

/** What the restricted level of Pod Security admission demands, and not a field more. */
const restricted = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'app',
      image: 'registry.example/app:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};

/** A whole node on a fake cloud, with a cluster of its own. */
async function startNode(cloud: Cloud, unenforced: readonly RestraintName[]) {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-restricted-'));
  const session: DevSession = await startDevSession({
    ...{ provider: cloud.provider, providerOptions: cloud.options, unenforced },
    ...{ nodeName: 'burst-0', taint: false, port: 0, stateDir: path.join(stateDir, 'state') },
    ...{ log: silentLog, version: '0.0.0' },
  });
  const api: TestApi<TestCluster> = connectTo(session.cluster);
  return {
    async make(name: string): Promise<void> {
      const metadata = { name, namespace: 'default' };
      const spec = { ...restricted, automountServiceAccountToken: false, terminationGracePeriodSeconds: 2 };
      await eventually(() => api.client.create(pods, { metadata, spec }));
    },
    reaches: (name: string, phase: string): Promise<Pod> =>
      eventually(async () => {
        const pod = await api.client.get(pods, { name, namespace: 'default' });
        return pod.status?.phase === phase ? pod : undefined;
      }),
    async eventsOf(name: string, reason: string): Promise<(string | undefined)[]> {
      const { items } = await api.client.list(events, { namespace: 'default' });
      return items
        .filter((event) => event.involvedObject?.name === name && event.reason === reason)
        .map(({ message }) => message);
    },
    async stop(): Promise<void> {
      await session.stop();
      await cloud.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const clouds: readonly {
  readonly name: string;
  readonly start: () => Promise<Cloud>;
  readonly unenforced: readonly RestraintName[];
  readonly annotation: string;
  readonly told: readonly string[];
  /** What is enforced all the same. */
  readonly asked: object;
}[] = [
  {
    name: 'eci',
    start: eci,
    unenforced: ['allowPrivilegeEscalation', 'capabilities.drop', 'seccompProfile'],
    annotation: 'seccompProfile (Pod), allowPrivilegeEscalation (app), capabilities.drop (app)',
    told: [
      'seccompProfile (Pod): the API of an instance has no seccompProfile',
      'allowPrivilegeEscalation (app): the API of an instance has no allowPrivilegeEscalation',
      'capabilities.drop (app): the API of an instance cannot drop capabilities',
    ],
    asked: { 'Container.1.SecurityContextRunAsNonRoot': 'true' },
  },
  {
    name: 'fargate',
    start: fargate,
    unenforced: ['allowPrivilegeEscalation', 'runAsNonRoot'],
    annotation: 'runAsNonRoot (app), allowPrivilegeEscalation (app)',
    told: [
      'runAsNonRoot (app): ECS on Fargate does not say which user an image has',
      'allowPrivilegeEscalation (app): ECS on Fargate cannot forbid it',
    ],
    asked: {
      containerDefinitions: [{ name: 'app', linuxParameters: { capabilities: { add: [], drop: ['ALL'] } } }],
    },
  },
];

describe.concurrent.each(clouds)('a Pod of the restricted level on $name', (cloud) => {
  test('runs where the operator of the node consents, and says what is not enforced', async ({ expect }) => {
    const fake = await cloud.start();
    const node = await startNode(fake, cloud.unenforced);
    try {
      await node.make('app');
      const { metadata } = await node.reaches('app', 'Running');
      expect(metadata?.annotations?.[annotation]).toBe(cloud.annotation);
      expect(fake.asked()).toMatchObject([cloud.asked]);
      const [message, ...others] = await eventually(async () => {
        const told = await node.eventsOf('app', 'NotEnforced');
        return told.length > 0 ? told : undefined;
      });
      expect(others).toEqual([]);
      expect(message).toBe(
        `Not enforced, as the operator of this node has consented to: ${cloud.told.join('; ')}`,
      );
    } finally {
      await node.stop();
    }
  });

  test('is refused where he does not, with the setting that would do', async ({ expect }) => {
    const fake = await cloud.start();
    const node = await startNode(fake, cloud.unenforced.slice(0, -1));
    try {
      await node.make('app');
      const { metadata, status } = await node.reaches('app', 'Failed');
      expect(status?.message).toContain(`unenforced: [${cloud.unenforced.at(-1)}] in burstlet.yaml`);
      expect(metadata?.annotations?.[annotation]).toBeUndefined();
      expect(fake.asked()).toEqual([]);
    } finally {
      await node.stop();
    }
  });
});
