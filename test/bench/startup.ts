/**
 * How long Pods take to start on Docker, beside a bare `docker run` of the same image, beside the two containers that a
 * Pod is when the engine's API is asked for nothing else and, when it is asked for, a real kubelet under the same API server.
 *
 *   npm run bench:startup
 *   npm run bench:startup -- --runs 20 --pods 50 --json
 *   npm run bench:startup -- --kubelet
 *
 * One at a time they take turns, so that what else the machine does falls on all alike; the same for the bursts.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { testEngine } from '../docker/engine.ts';
import { buildAssets } from '../e2e/controlplane/assets.ts';
import { controlPlane, defaultVersion, extras, parseVersion } from '../e2e/controlplane/builds.ts';
import { whyNoContainerd } from '../oracle/containerd.ts';
import { median, rounded } from './figures.ts';
import { bareStarter, burst, pairStarter, podStarter, type Starter } from './startup-runs.ts';
import { openStageWithKubelet, openStartupStage, type StartupStage } from './startup-stage.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    pods: { type: 'string', default: '50' },
    bursts: { type: 'string', default: '2' },
    /** `docker run` at the same time: more than the machine has cores is of no use to it. */
    width: { type: 'string', default: '8' },
    kubelet: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const count = Number(values.pods);
const bursts = Number(values.bursts);

function say(line: string): void {
  if (!values.json) console.log(line);
}

async function open(): Promise<StartupStage | string> {
  if (!values.kubelet) return openStartupStage();
  const why = whyNoContainerd();
  if (why !== undefined) return why;
  const more = extras.filter(({ program }) => program === 'kubelet' || program === 'agnhost');
  const assets = await buildAssets(parseVersion(defaultVersion), [...controlPlane, ...more], say);
  return 'missing' in assets ? assets.missing : openStageWithKubelet(assets.folder, say);
}

interface Measured {
  readonly starter: Starter;
  readonly width: number;
  readonly latencies: number[];
  readonly rates: number[];
}

async function measure(stage: StartupStage): Promise<Record<string, unknown>> {
  const all = new Map<string, Measured>();
  const add = (label: string, starter: Starter, width: number): void =>
    void all.set(label, { starter, width, latencies: [], rates: [] });
  add('bare', bareStarter(stage), Number(values.width));
  const engine = await testEngine(stage.host);
  if (typeof engine === 'string') throw new Error(engine);
  add('engine', pairStarter(engine, stage.image), Number(values.width));
  add('burstlet', await podStarter(stage, stage.burstlet), count);
  if (stage.kubelet !== undefined) add('kubelet', await podStarter(stage, stage.kubelet), count);

  // The first of each makes things that stay: images, caches, connections.
  for (let turn = -1; turn < runs; turn++)
    for (const [label, { starter, latencies }] of all) {
      const ms = await starter.start(`${label}-one-${turn + 1}`);
      await starter.clear();
      if (turn >= 0) latencies.push(ms);
      say(`${label}: ${(ms / 1000).toFixed(3)} s${turn < 0 ? ' (not counted)' : ''}`);
    }
  for (let turn = 0; turn < bursts; turn++)
    for (const [label, { starter, width, rates }] of all) {
      const seconds = await burst(starter, count, width, `${label}-burst-${turn}`);
      await starter.clear();
      rates.push(count / seconds);
      say(`${label}: ${count} in ${seconds.toFixed(1)} s`);
    }
  for (const { starter } of all.values()) await starter.close();
  return resultOf(all);
}

function resultOf(all: ReadonlyMap<string, Measured>): Record<string, unknown> {
  const seconds = (label: string): number => median(all.get(label)?.latencies ?? []) / 1000;
  const rate = (label: string): number => median(all.get(label)?.rates ?? []);
  const figures = (label: string): object => ({
    [`${label}SecondsMedian`]: rounded(seconds(label), 3),
    [`${label}PerSecond`]: rounded(rate(label), 2),
  });
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${os.cpus().length} cores, ${rounded(os.totalmem() / 2 ** 30, 0)} GiB, Node.js ${process.version}`,
    load: rounded(os.loadavg()[0] ?? 0),
    ...{ runs, pods: count, bursts },
    ...Object.assign({}, ...[...all.keys()].map(figures)),
    onePodOfBare: rounded(seconds('burstlet') / seconds('bare'), 2),
    burstOfBare: rounded(rate('burstlet') / rate('bare'), 2),
    burstOfEngine: rounded(rate('burstlet') / rate('engine'), 2),
    ...(all.has('kubelet') && {
      onePodOfKubelet: rounded(seconds('burstlet') / seconds('kubelet'), 2),
      burstOfKubelet: rounded(rate('burstlet') / rate('kubelet'), 2),
    }),
  };
}

const stage = await open();
if (typeof stage === 'string') console.log(`skipped: ${stage}`);
else
  try {
    const result = await measure(stage);
    if (values.json) console.log(JSON.stringify(result));
    else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(24)} ${value}`);
  } finally {
    await stage.end();
  }
