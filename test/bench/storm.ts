/**
 * Storm: N Pods are created at once, awaited until Ready, deleted, awaited until gone. Prints what that cost the daemon.
 *
 *   npm run bench:storm -- --pods 2000
 *   npm run bench:storm -- --pods 500 --unbound --instance-ms 200
 *   npm run bench:storm -- --pods 2000 --kubeconfig FILE --node NAME --ceiling
 *   npm run bench:storm -- --help
 *
 * Without --kubeconfig it starts an embedded control plane and a daemon with the mock provider, each in a process of
 * its own. With --ceiling it also makes the same writes by itself and says how near the daemon came. All figures of the daemon come from its own /metrics, read through the API server.
 */
import os from 'node:os';
import { Agent, request } from 'undici';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import type { Pod, PodStatus } from '../../src/kube/types.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Ceiling, measureCeiling } from './ceiling.ts';
import { percentile, rounded, sum } from './figures.ts';
import { openStage, type Stage } from './stage.ts';
import { readStormFlags, type StormFlags, usage } from './storm-flags.ts';

const flags = readFlags();
const count = flags.pods;
const timeoutMs = flags.timeoutSeconds * 1000;
const namespace = 'storm';
const parallel = 64;

// The stage clears up when the process exits.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const own: Stage | undefined = flags.kubeconfig === undefined ? await openStage(flags.instanceMs) : undefined;
const kubeconfig = flags.kubeconfig ?? own?.kubeconfig;
const node = flags.node ?? own?.node;

const access = await loadClusterAccess(
  { kubeconfig },
  { clock: systemClock, log: silentLog, env: process.env, home: os.homedir() },
);
const base = { clock: systemClock, random: Math.random, log: silentLog };
const client = createKubeClient({ ...base, server: access.server, credentials: access.credentials });
const ending = new AbortController();
const informer = createInformer({
  ...base,
  client,
  resource: pods,
  selection: { namespace },
  transform: slim,
});
const created = new Map<string, number>();
const latencies: number[] = [];
const boundTwice = new Set<string>();
const bindings = new Map<string, string>();
let ready = 0;
let gone = 0;
let change = (): void => undefined;

informer.onEvent(({ type, object, ...event }) => {
  const { name = '', uid = '' } = object.metadata ?? {};
  const to = object.spec?.nodeName;
  if (to) {
    if ((bindings.get(uid) ?? to) !== to) boundTwice.add(name);
    bindings.set(uid, to);
  }
  if (type === 'deleted') gone++;
  const before = 'previous' in event && event.previous !== undefined && isReady(event.previous);
  if (type !== 'deleted' && isReady(object) && !before) {
    ready++;
    latencies.push(performance.now() - (created.get(name) ?? performance.now()));
  }
  change();
});

/** Ends the process for --help and for what is wrong on the command line. */
function readFlags(): StormFlags {
  try {
    const given = readStormFlags(process.argv.slice(2));
    if (!given.help) return given;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

/** Only what is looked at here: the watcher's own memory and time stay small. */
function slim({ metadata, spec, status }: Pod): Pod {
  const { name, namespace: where, uid, resourceVersion } = metadata ?? {};
  const conditions = status?.conditions?.filter(({ type }) => type === 'Ready');
  return {
    metadata: {
      ...(name && { name }),
      ...(where && { namespace: where }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
    spec: { containers: [], ...(spec?.nodeName && { nodeName: spec.nodeName }) },
    status: { ...(conditions && { conditions }) },
  };
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function say(text: string): void {
  if (!flags.json) console.log(text);
}

/** Waits until the condition holds, telling how far it is every two seconds. */
async function until(holds: () => boolean, progress: () => string): Promise<void> {
  const end = performance.now() + timeoutMs;
  const ticker = setInterval(() => say(`  ${progress()}`), 2_000);
  try {
    while (!holds()) {
      if (performance.now() > end) throw new Error(`not done after ${timeoutMs / 1000} s: ${progress()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        change = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    clearInterval(ticker);
  }
}

async function each(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
  const queue = names.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const name of queue) await work(name);
    }),
  );
}

interface Reading {
  readonly writes: number;
  readonly reads: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

const identity = await access.credentials.current();
const agent = new Agent({ connect: { ...identity.tls } });

async function read(): Promise<Reading> {
  const { authorization } = await access.credentials.current();
  const response = await request(`${access.server}/api/v1/nodes/${node}/proxy/metrics`, {
    dispatcher: agent,
    headers: { ...(authorization && { authorization }) },
  });
  const text = await response.body.text();
  if (response.statusCode !== 200)
    throw new Error(`the daemon's metrics cannot be read: ${response.statusCode} ${text.slice(0, 200)}`);
  const requests = 'burstlet_api_requests_total';
  return {
    writes: sum(text, requests, /verb="(create|update|patch|delete)".*resource="(pods|events)/),
    reads: sum(text, requests, /verb="(get|list)"/),
    cpuSeconds: sum(text, 'process_cpu_seconds_total'),
    rssBytes: sum(text, 'process_resident_memory_bytes'),
    peakRssBytes: sum(text, 'burstlet_peak_resident_memory_bytes'),
  };
}

function podNamed(name: string, to = node): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'storm' } },
    spec: {
      ...(flags.unbound ? { schedulerName: 'burstlet' } : { nodeName: to ?? '' }),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'main',
          image: 'registry.example/storm:1',
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  };
}

try {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const watching = informer.run(ending.signal);
  await informer.synced;
  const before = await readWhenUp();
  const names = Array.from({ length: count }, (_, index) => `storm-${index}`);

  say(`creating ${count} Pods ...`);
  const upAt = performance.now();
  await each(names, (name) => {
    created.set(name, performance.now());
    return client.create(pods, podNamed(name));
  });
  await until(
    () => ready >= count,
    () => `${ready} of ${count} ready`,
  );
  const upSeconds = (performance.now() - upAt) / 1000;
  const up = await read();

  const { status = {} } = await client.get(pods, { namespace, name: names[0] ?? '' });

  say(`deleting ${count} Pods ...`);
  const downAt = performance.now();
  await each(names, (name) => client.delete(pods, { namespace, name }));
  await until(
    () => gone >= count,
    () => `${gone} of ${count} gone`,
  );
  const downSeconds = (performance.now() - downAt) / 1000;
  const down = await read();
  ending.abort();
  await watching;
  const ceiling = flags.ceiling ? await readCeiling(status) : undefined;

  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} cores, ${rounded(os.totalmem() / 2 ** 30, 0)} GiB, Node.js ${process.version}`,
    pods: count,
    unbound: flags.unbound,
    instanceMs: flags.instanceMs,
    upSeconds: rounded(upSeconds, 2),
    podsPerSecondUp: rounded(count / upSeconds),
    downSeconds: rounded(downSeconds, 2),
    podsPerSecondDown: rounded(count / downSeconds),
    apiWritesPerPod: rounded((down.writes - before.writes) / count, 3),
    apiReadsPerPod: rounded((down.reads - before.reads) / count, 3),
    cpuMsPerPod: rounded(((down.cpuSeconds - before.cpuSeconds) * 1000) / count, 2),
    rssMbBefore: rounded(before.rssBytes / 1e6),
    rssMbUp: rounded(up.rssBytes / 1e6),
    peakRssMb: rounded(down.peakRssBytes / 1e6),
    readyMsP50: rounded(percentile(latencies, 0.5), 0),
    readyMsP99: rounded(percentile(latencies, 0.99), 0),
    boundTwice: boundTwice.size,
    ...(ceiling && {
      ceilingPodsPerSecondUp: rounded(count / ceiling.upSeconds),
      ceilingPodsPerSecondDown: rounded(count / ceiling.downSeconds),
      upOfCeiling: rounded(ceiling.upSeconds / upSeconds, 2),
      downOfCeiling: rounded(ceiling.downSeconds / downSeconds, 2),
    }),
  };
  if (flags.json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(24)} ${value}`);
} finally {
  ending.abort();
  await client.close();
  await agent.close();
  await own?.close();
}

function readCeiling(status: PodStatus): Promise<Ceiling> {
  say(`the same writes for ${count} Pods without a daemon ...`);
  const all = Array.from({ length: count }, (_, index) => podNamed(`ceiling-${index}`, 'nobody'));
  return measureCeiling({ client, pods: all, status, each });
}

/** The daemon registers itself while this script already runs. */
async function readWhenUp(): Promise<Reading> {
  const end = performance.now() + 30_000;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
