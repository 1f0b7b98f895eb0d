/**
 * Many Pods at once on the fake of Alibaba Cloud ECI, through the vendor's own SDK.
 *
 *   npm run bench:cloud                          1,000 Pods within the documented limits of the API
 *   npm run bench:cloud -- --rush --pods 500     no limits, an instance that takes ten seconds to start
 *
 * The fake runs in this process, the control plane and the daemon each in one of their own.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import type { Pod } from '../../src/kube/types.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type FakeEci, startFakeEci } from '../fakes/eci/index.ts';
import { eciOptions } from '../fakes/eci/provider-options.ts';
import { each } from './each.ts';
import { percentile, rounded } from './figures.ts';
import { openStage } from './stage.ts';
import { StormWatch } from './storm-watch.ts';

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '1000' },
    rush: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.pods);
const namespace = 'burst';
const createsPerMinute = 1000;
const documentedStart = {
  schedulingMs: { min: 1_000, max: 3_000 },
  pendingMs: { min: 6_000, max: 10_000 },
};
const tenSeconds = { schedulingMs: 2_000, pendingMs: 8_000 };

function say(line: string): void {
  if (!values.json) console.log(line);
}

function podNamed(name: string, nodeName: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'main',
          image: 'registry.example/burst:1',
          resources: { requests: { cpu: '250m', memory: '512Mi' } },
        },
      ],
    },
  };
}

/** Milliseconds from an instance running at the cloud until its Pod was seen Ready. */
function lags({ cloud }: FakeEci, watch: StormWatch): number[] {
  return cloud.instances().flatMap((group) => {
    const runningAt = group.since('Running');
    const uid = group.spec.tags.get('burstlet.dev/uid') ?? '';
    const readyAt = watch.readyAt.get(uid);
    return runningAt === undefined || readyAt === undefined ? [] : [Math.max(0, readyAt - runningAt)];
  });
}

/** The largest number of creates that the API took within any minute, as a part of what it takes. */
function rateOfLimit({ cloud }: FakeEci): { readonly perMinute: number; readonly ofLimit: number } {
  const at = cloud.instances().map(({ createdAt }) => createdAt);
  const seconds = ((at.at(-1) ?? 0) - (at[0] ?? 0)) / 1000;
  const perMinute = (60 * (at.length - 1)) / seconds;
  return { perMinute, ofLimit: perMinute / createsPerMinute };
}

const fake = await startFakeEci({
  ...(values.rush && { limits: 'none' as const }),
  stages: values.rush ? tenSeconds : documentedStart,
});
const stage = await openStage({
  provider: 'eci',
  fromSources: true,
  options: { ...eciOptions(fake), instances: Math.max(count, 1_000) },
});
const access = await loadClusterAccess(
  { kubeconfig: stage.kubeconfig },
  { clock: systemClock, log: silentLog, env: process.env, home: os.homedir() },
);
const base = { clock: systemClock, random: Math.random, log: silentLog };
const client = createKubeClient({ ...base, server: access.server, credentials: access.credentials });
const watch = new StormWatch({ client, namespace, timeoutMs: 300_000, say });
try {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await watch.start();
  say(`creating ${count} Pods ...`);
  const began = performance.now();
  const names = Array.from({ length: count }, (_, index) => `burst-${index}`);
  await each(names, (name) => client.create(pods, podNamed(name, stage.node)));
  await watch.until(
    () => watch.ready >= count,
    () => `${watch.ready} of ${count} Ready, ${fake.cloud.instances().length} instances`,
  );
  const upSeconds = (performance.now() - began) / 1000;
  const lag = lags(fake, watch);
  const { perMinute, ofLimit } = rateOfLimit(fake);
  const { calls } = fake.cloud;
  const rejected = calls.filter(({ outcome }) => outcome === 'Throttling.User').length;
  const made = new Map<string, number>();
  for (const { spec } of fake.cloud.instances())
    made.set(
      spec.tags.get('burstlet.dev/uid') ?? '',
      (made.get(spec.tags.get('burstlet.dev/uid') ?? '') ?? 0) + 1,
    );
  const result: Record<string, unknown> = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} cores, ${rounded(os.totalmem() / 2 ** 30, 0)} GiB, Node.js ${process.version}`,
    load: rounded(os.loadavg()[0] ?? 0),
    limits: values.rush ? 'none' : 'documented',
    pods: count,
    allReadySeconds: rounded(upSeconds),
    createsPerMinute: rounded(perMinute, 0),
    ...(!values.rush && { createsOfLimit: rounded(ofLimit, 2) }),
    statusLagMsP50: rounded(percentile(lag, 0.5), 0),
    statusLagMsP99: rounded(percentile(lag, 0.99), 0),
    calls: calls.length,
    callsRejected: rejected,
    callsRejectedPercent: rounded((100 * rejected) / calls.length, 2),
    doubled: [...made.values()].filter((times) => times > 1).length,
    departuresFromTheSdkModel: fake.cloud.book.departures.length,
  };
  say(`deleting ${count} Pods ...`);
  await each(names, (name) => client.delete(pods, { namespace, name }, { gracePeriodSeconds: 1 }));
  await watch.until(
    () => watch.gone >= count,
    () => `${watch.gone} of ${count} gone`,
  );
  result.leaked = fake.cloud.instances().filter(({ live }) => live).length;
  if (values.json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(28)} ${value}`);
} finally {
  await watch.end();
  await client.close();
  await stage.close();
  await fake.close();
}
