import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyManifests } from '../../src/cli/demo/apply-manifests.ts';
import { Asker } from '../../src/cli/demo/asker.ts';
import { createDemoView, type DemoView } from '../../src/cli/demo/demo-view.ts';
import { expectations, tickNow } from '../../src/cli/demo/expectations.ts';
import { createFetcher, type Fetcher } from '../../src/cli/demo/fetcher.ts';
import { jobOfCronJob } from '../../src/cli/demo/job-of-cron-job.ts';
import { cronJobs, jobs } from '../../src/cli/demo/kinds.ts';
import { resultLines } from '../../src/cli/demo/result-lines.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { accountKubeconfig, applyRbac } from './support/account.ts';
import type { Daemon } from './support/daemon.ts';
import { serviceAccounts } from './support/resources.ts';
import { openWorld, type World } from './support/world.ts';

/** The workloads of the demo, under the rights of the shipped ServiceAccount. */
let world: World;
let daemon: Daemon;
let view: DemoView;
let fetcher: Fetcher;
let asker: Asker;
const ending = new AbortController();
const withInstance = new Set<string>();

beforeAll(async () => {
  world = await openWorld();
  const { client, cluster } = world;
  await applyRbac(client);
  const kubeconfig = await accountKubeconfig(client, cluster);
  daemon = await world.node({ node: 'examples', provider: 'process', kubeconfig, taint: false });
  fetcher = createFetcher(cluster);
  asker = new Asker({ clock, fetcher, onChange: () => undefined });
  view = createDemoView({
    ...{ client, clock, log, random: Math.random, namespace: 'demo' },
    hasInstance: (uid) => withInstance.has(uid),
    answers: () => asker.answers,
    onChange: () => undefined,
  });
  void view.run(ending.signal);
});
afterAll(async () => {
  ending.abort();
  await fetcher.close();
  await world.close();
});

it('come to their end states', async () => {
  const { client } = world;
  const [first, ...rest] = await readManifests([
    path.resolve(import.meta.dirname, '../../manifests/examples'),
  ]);
  await applyManifests(client, first === undefined ? [] : [first], ending.signal);
  await eventually(() => world.find(serviceAccounts, 'demo', 'default'), 30);
  await applyManifests(client, rest, ending.signal);
  await view.synced();
  const tick = await client.get(cronJobs, { namespace: 'demo', name: tickNow.cronJob });
  await client.create(jobs, jobOfCronJob(tick, tickNow.job));
  await eventually(async () => {
    for (const record of await daemon.sandboxes()) {
      const { uid } = /"podUid":\s*"(?<uid>[^"]+)"/.exec(record)?.groups ?? {};
      if (uid !== undefined) withInstance.add(uid);
    }
    const seen = view.observed();
    asker.ask(
      expectations.flatMap(({ questions }) => questions?.(seen) ?? []),
      ending.signal,
    );
    const unmet = resultLines(expectations, seen).filter((line) => line.startsWith('not ok'));
    if (unmet.length > 0) throw new Error(unmet.join('\n'));
    return true;
  }, 90);
});

it('go with their namespace, and leave no instance', async () => {
  await world.client.delete(namespaces, { name: 'demo' });
  await eventually(async () => (await world.client.list(pods, { namespace: 'demo' })).items.length === 0, 60);
  await eventually(async () => (await daemon.sandboxes()).length === 0, 30);
  await eventually(async () => (await world.find(namespaces, '', 'demo')) === undefined, 60);
  expect(await daemon.metric('burstlet_instances')).toBe(0);
});
