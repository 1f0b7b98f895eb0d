/**
 * Storm: N Pods are created at once, awaited until Ready, deleted, awaited until gone. Prints what that cost the daemon.
 *
 *   npm run bench:storm -- --pods 2000
 *   npm run bench:storm -- --pods 500 --unbound --instance-ms 200
 *   npm run bench:storm -- --pods 2000 --assets test/e2e/.cache/VERSION --ceiling --rounds 3
 *   npm run bench:storm -- --pods 2000 --kubeconfig FILE --node NAME --ceiling
 *   npm run bench:storm -- --help
 *
 * Without --kubeconfig it starts a control plane and a daemon with the mock provider, each in a process of its own. With
 * --ceiling it also makes the same writes by itself, watching as before, and says how near the daemon came; with --rounds
 * both take turns, for what comes first finds everything cold. Of several rounds the median is printed. All figures of
 * the daemon come from its own /metrics.
 */
import os from 'node:os';
import { Agent, request } from 'undici';
import { loadClusterAccess } from '../../src/kube/cluster-access.ts';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import { createKubeClient } from '../../src/kube/rest-client.ts';
import type { Pod, PodStatus } from '../../src/kube/types.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Ceiling, measureCeiling } from './ceiling.ts';
import { each } from './each.ts';
import { median, percentile, rounded, sum } from './figures.ts';
import { openStage, type Stage } from './stage.ts';
import { readStormFlags, type StormFlags, usage } from './storm-flags.ts';
import { StormWatch } from './storm-watch.ts';
import { treeCpuSeconds } from './tree-cpu.ts';

const flags = readFlags();
const count = flags.pods;
const timeoutMs = flags.timeoutSeconds * 1000;
const namespace = 'storm';
/** Of the Pods that the ceiling is measured with: there, and served by nobody. */
const ceilingNode = 'storm-ceiling';

// The stage clears up when the process exits.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const own: Stage | undefined =
  flags.kubeconfig === undefined
    ? await openStage({
        ...{ provider: 'mock', options: { script: { runningAfterMs: flags.instanceMs } } },
        ...(flags.assets !== undefined && { assets: flags.assets }),
      })
    : undefined;
const kubeconfig = flags.kubeconfig ?? own?.kubeconfig;
const node = flags.node ?? own?.node;

const access = await loadClusterAccess(
  { kubeconfig },
  { clock: systemClock, log: silentLog, env: process.env, home: os.homedir() },
);
const base = { clock: systemClock, random: Math.random, log: silentLog };
const client = createKubeClient({ ...base, server: access.server, credentials: access.credentials });
const identity = await access.credentials.current();
const agent = new Agent({ connect: { ...identity.tls } });

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

function say(text: string): void {
  if (!flags.json) console.log(text);
}

interface Reading {
  readonly writes: number;
  readonly reads: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

/** A real API server proxies to no loopback address; what runs here is asked directly. */
async function metricsUrl(): Promise<string> {
  if (own === undefined) return `${access.server}/api/v1/nodes/${node}/proxy/metrics`;
  const { status } = await client.get(nodes, { name: node ?? '' });
  return `https://127.0.0.1:${status?.daemonEndpoints?.kubeletEndpoint?.Port}/metrics`;
}

async function read(): Promise<Reading> {
  const { authorization } = await access.credentials.current();
  const response = await request(await metricsUrl(), {
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

interface Round {
  readonly upSeconds: number;
  readonly downSeconds: number;
  /** CPU time of everything that belongs to the run, the control plane among it; undefined where it is not known. */
  readonly upCpuSeconds: number | undefined;
  readonly before: Reading;
  readonly up: Reading;
  readonly down: Reading;
  readonly latencies: readonly number[];
  readonly boundTwice: number;
  readonly ceiling?: Ceiling;
}

async function storm(round: number): Promise<Round> {
  const watch = new StormWatch({ client, namespace, timeoutMs, say });
  await watch.start();
  const before = await readWhenUp();
  const names = Array.from({ length: count }, (_, index) => `storm-${round}-${index}`);

  say(`creating ${count} Pods ...`);
  const upAt = performance.now();
  const cpuBefore = treeCpuSeconds();
  await each(names, (name) => {
    watch.creates(name);
    return client.create(pods, podNamed(name));
  });
  await watch.until(
    () => watch.ready >= count,
    () => `${watch.ready} of ${count} ready`,
  );
  const upSeconds = (performance.now() - upAt) / 1000;
  const upCpuSeconds = since(cpuBefore);
  const up = await read();
  const { status = {} } = await client.get(pods, { namespace, name: names[0] ?? '' });

  say(`deleting ${count} Pods ...`);
  const downAt = performance.now();
  await each(names, (name) => client.delete(pods, { namespace, name }));
  await watch.until(
    () => watch.gone >= count,
    () => `${watch.gone} of ${count} gone`,
  );
  const downSeconds = (performance.now() - downAt) / 1000;
  const down = await read();
  const ceiling = flags.ceiling ? await readCeiling(status, round) : undefined;
  await watch.end();
  const { latencies, boundTwice } = watch;
  return {
    ...{ upSeconds, downSeconds, upCpuSeconds, before, up, down, latencies, boundTwice: boundTwice.size },
    ...(ceiling && { ceiling }),
  };
}

function since(cpuBefore: number | undefined): number | undefined {
  const now = treeCpuSeconds();
  return now === undefined || cpuBefore === undefined ? undefined : now - cpuBefore;
}

function readCeiling(status: PodStatus, round: number): Promise<Ceiling> {
  say(`the same writes for ${count} Pods without a daemon ...`);
  const all = Array.from({ length: count }, (_, index) => podNamed(`ceiling-${round}-${index}`, ceilingNode));
  const deps = { client, node: ceilingNode, pods: all, status, each };
  return measureCeiling({ ...deps, cpuSeconds: treeCpuSeconds });
}

function resultOf(rounds: readonly Round[]): Record<string, unknown> {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const latencies = rounds.flatMap((round) => round.latencies);
  const ceilings = rounds.flatMap(({ ceiling, upSeconds, upCpuSeconds, downSeconds }) =>
    ceiling === undefined
      ? []
      : [
          {
            ...ceiling,
            up: ceiling.upSeconds / upSeconds,
            upCpu: (ceiling.upCpuSeconds ?? Number.NaN) / (upCpuSeconds ?? Number.NaN),
            down: ceiling.downSeconds / downSeconds,
          },
        ],
  );
  const ofCeilings = (of: (one: (typeof ceilings)[number]) => number): number => median(ceilings.map(of));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} cores, ${rounded(os.totalmem() / 2 ** 30, 0)} GiB, Node.js ${process.version}`,
    controlPlane: flags.assets === undefined && own !== undefined ? 'embedded' : 'real',
    load: rounded(os.loadavg()[0] ?? 0),
    pods: count,
    ...(rounds.length > 1 && { rounds: rounds.length }),
    unbound: flags.unbound,
    instanceMs: flags.instanceMs,
    upSeconds: rounded(
      middle(({ upSeconds }) => upSeconds),
      2,
    ),
    podsPerSecondUp: rounded(middle(({ upSeconds }) => count / upSeconds)),
    downSeconds: rounded(
      middle(({ downSeconds }) => downSeconds),
      2,
    ),
    podsPerSecondDown: rounded(middle(({ downSeconds }) => count / downSeconds)),
    apiWritesPerPod: rounded(
      middle(({ down, before }) => (down.writes - before.writes) / count),
      3,
    ),
    apiReadsPerPod: rounded(
      middle(({ down, before }) => (down.reads - before.reads) / count),
      3,
    ),
    cpuMsPerPod: rounded(
      middle(({ down, before }) => ((down.cpuSeconds - before.cpuSeconds) * 1000) / count),
      2,
    ),
    cpuMsPerPodUp: rounded(
      middle(({ up, before }) => ((up.cpuSeconds - before.cpuSeconds) * 1000) / count),
      2,
    ),
    rssMbBefore: rounded((rounds[0]?.before.rssBytes ?? Number.NaN) / 1e6),
    rssMbUp: rounded(middle(({ up }) => up.rssBytes) / 1e6),
    peakRssMb: rounded((rounds.at(-1)?.down.peakRssBytes ?? Number.NaN) / 1e6),
    readyMsP50: rounded(percentile(latencies, 0.5), 0),
    readyMsP99: rounded(percentile(latencies, 0.99), 0),
    boundTwice: rounds.reduce((sum, { boundTwice }) => sum + boundTwice, 0),
    ...(ceilings.length > 0 && {
      ceilingPodsPerSecondUp: rounded(ofCeilings(({ upSeconds }) => count / upSeconds)),
      ceilingPodsPerSecondDown: rounded(ofCeilings(({ downSeconds }) => count / downSeconds)),
      upOfCeiling: rounded(
        ofCeilings(({ up }) => up),
        2,
      ),
      // What a machine gives that does nothing else: on one that is shared the clock says little.
      upOfCeilingByCpu: rounded(
        ofCeilings(({ upCpu }) => upCpu),
        2,
      ),
      downOfCeiling: rounded(
        ofCeilings(({ down }) => down),
        2,
      ),
    }),
  };
}

try {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const rounds: Round[] = [];
  for (let round = 0; round < flags.rounds; round++) {
    rounds.push(await storm(round));
    if (flags.rounds > 1) say(JSON.stringify(resultOf(rounds.slice(-1))));
  }
  const result = resultOf(rounds);
  if (flags.json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(24)} ${value}`);
} finally {
  await client.close();
  await agent.close();
  await own?.close();
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
