import os from 'node:os';
import type { KubeObject } from '../../kube/types.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';
import type { ChosenProvider } from '../wiring/choose-provider.ts';
import { type DevSession, startDevSession } from '../wiring/dev-session.ts';
import { applyManifests } from './apply-manifests.ts';
import { clearUpAfterCrashes, createDemoFolder } from './demo-folder.ts';
import { createDisplay, type DemoOutput, type Display } from './display.ts';
import { expectations, tickNow } from './expectations.ts';
import { jobOfCronJob } from './job-of-cron-job.ts';
import { cronJobs, jobs } from './kinds.ts';
import { notes } from './notes.ts';
import { hostImage, onImage } from './on-image.ts';
import { allMet, resultLines } from './result-lines.ts';
import { openStage, type Stage, type StageDeps } from './stage.ts';

export interface DemoOptions {
  readonly manifests: readonly Manifest[];
  readonly choice: ChosenProvider;
  /** Check the end states and end, instead of staying. */
  readonly exit: boolean;
}

export interface DemoDeps extends StageDeps {
  readonly output: DemoOutput;
}

/** `met` and `unmet` are for `exit`; without it every demo ends by being interrupted. */
export type DemoOutcome = 'met' | 'unmet' | 'interrupted';

const nodeName = 'burstlet-0';

const kinds: Readonly<Record<string, string>> = {
  docker: 'its instances are containers of a Docker engine',
  process: 'its instances are processes of this machine',
  mock: 'its instances are pretended, and nothing runs',
};

/** Far more than a slow machine needs; what is not there by then will not come. */
const patienceMs = 90_000;
/** Ages change without any news. */
const refreshMs = 1_000;

/** Runs the demo until it is done or the signal fires. Nothing of it is left when this settles, however it does. */
export async function runDemo(
  options: DemoOptions,
  deps: DemoDeps,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const { output, clock } = deps;
  const startedAt = clock.now();
  const { choice } = options;
  const folders = { parent: shortTmpdir(), nodeName, log: deps.log };
  const manifests = choice.image === undefined ? options.manifests : onImage(options.manifests, choice.image);
  let session: DevSession | undefined;
  try {
    await clearUpAfterCrashes(folders, signal);
    session = await startDevSession({
      provider: choice.provider,
      providerOptions: choice.options,
      nodeName,
      taint: false,
      port: 0,
      stateDir: await createDemoFolder(folders),
      log: deps.log,
      version: deps.version,
      signal,
    });
    output.write(introduction(session, choice));
    const stage = await openStage(session, deps);
    try {
      const created = await applyManifests(stage.client, manifests, signal);
      await stage.view.synced();
      const display = createDisplay(output, startedAt);
      if (!options.exit) return await stay(stage, display, deps, signal);
      await startTick(stage, created, signal);
      return await check(stage, display, deps, startedAt, signal);
    } finally {
      await stage.close();
    }
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    throw error;
  } finally {
    await session?.stop();
    await choice.leave();
  }
}

async function stay(
  { view, pulse }: Stage,
  display: Display,
  { clock }: DemoDeps,
  signal: AbortSignal,
): Promise<'interrupted'> {
  while (!signal.aborted) {
    display(view.observed(), clock.now());
    await pulse.next(refreshMs, signal);
  }
  return 'interrupted';
}

async function check(
  stage: Stage,
  display: Display,
  { clock, output }: DemoDeps,
  startedAt: number,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  for (;;) {
    const seen = stage.view.observed();
    display(seen, clock.now());
    if (signal.aborted) return 'interrupted';
    stage.ask(expectations.flatMap(({ questions }) => questions?.(seen) ?? []));
    const met = allMet(expectations, seen);
    const tookMs = clock.now() - startedAt;
    if (met || tookMs >= patienceMs) {
      const lines = [...resultLines(expectations, seen), ...notes(seen).map((note) => `note: ${note}`)];
      output.write(`\n${lines.join('\n')}\n\n`);
      output.write(
        `${met ? 'All as expected' : 'Not as expected'} after ${(tookMs / 1_000).toFixed(1)} s.\n`,
      );
      return met ? 'met' : 'unmet';
    }
    await stage.pulse.next(refreshMs, signal);
  }
}

async function startTick(
  { client }: Stage,
  created: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const { namespace } =
    created.find(({ kind, metadata }) => kind === 'CronJob' && metadata?.name === tickNow.cronJob)
      ?.metadata ?? {};
  if (namespace === undefined) return;
  const cronJob = await client.get(cronJobs, { namespace, name: tickNow.cronJob }, { signal });
  await client.create(jobs, jobOfCronJob(cronJob, tickNow.job), { signal });
}

/** The temporary folder of macOS has a path that leaves too little room for those of sockets. */
function shortTmpdir(): string {
  return process.platform === 'darwin' ? '/tmp' : os.tmpdir();
}

function introduction({ cluster, kubeconfig }: DevSession, { provider, why, image }: ChosenProvider): string {
  const stead =
    image === undefined ? '' : `\nPods run the image ${image} where the manifests say ${hostImage}.`;
  return `A cluster at ${cluster.url} with one virtual node; ${kinds[provider] ?? `its provider is ${provider}`}.
Provider ${provider}: ${why}.${stead}

  export KUBECONFIG=${kubeconfig}
  kubectl -n demo get pods -o wide
  kubectl -n demo logs job/revenue

Ctrl-C ends it and leaves nothing behind.

`;
}
