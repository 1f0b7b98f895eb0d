import os from 'node:os';
import path from 'node:path';
import { loadClusterAccess } from '../../kube/cluster-access.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/rest-client.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';
import { type DevSession, startDevSession } from '../wiring/dev-session.ts';
import { applyManifests } from './apply-manifests.ts';
import { Asker } from './asker.ts';
import { createDemoView, type DemoView } from './demo-view.ts';
import { createDisplay, type DemoOutput } from './display.ts';
import { expectations, tickNow } from './expectations.ts';
import { createFetcher } from './fetcher.ts';
import { jobOfCronJob } from './job-of-cron-job.ts';
import { jobs } from './kinds.ts';
import { notes } from './notes.ts';
import { allMet, resultLines } from './result-lines.ts';

export interface DemoOptions {
  readonly manifests: readonly Manifest[];
  /** Check the end states and end, instead of staying. */
  readonly exit: boolean;
  readonly stateDir?: string;
  readonly version: string;
}

export interface DemoDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly output: DemoOutput;
}

/** `met` and `unmet` are for `exit`; without it every demo ends by being interrupted. */
export type DemoOutcome = 'met' | 'unmet' | 'interrupted';

/** Far more than a slow machine needs; what is not there by then will not come. */
const patienceMs = 90_000;
/** Changes come in showers. */
const settleMs = 100;
const namespace = 'demo';

/** Runs the demo until it is done or the signal fires. Nothing of it is left when this settles, however it does. */
export async function runDemo(
  options: DemoOptions,
  deps: DemoDeps,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const { clock, output, log } = deps;
  const startedAt = clock.now();
  const session = await startDevSession({
    provider: 'process',
    providerOptions: {},
    nodeName: 'burstlet-0',
    taint: false,
    port: 0,
    stateDir: options.stateDir ?? path.join(os.tmpdir(), `burstlet-demo-${process.getuid?.() ?? 'user'}`),
    log,
    version: options.version,
  });
  try {
    output.write(introduction(session));
    const outcome = await show(session, options, deps, startedAt, signal);
    output.write('stopping ...\n');
    return outcome;
  } finally {
    await session.stop();
  }
}

async function show(
  session: DevSession,
  { manifests, exit, version }: DemoOptions,
  deps: DemoDeps,
  startedAt: number,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const { clock, random, log, output } = deps;
  const ending = new AbortController();
  const client = await clientOf(session, deps, version);
  const fetcher = createFetcher(session.cluster);
  const pulse = createPulse(clock, settleMs);
  const asker = new Asker({ clock, fetcher, onChange: pulse.beat });
  const view = createDemoView({
    ...{ client, clock, random, log, namespace },
    instances: () => session.daemon.nodes.flatMap((node) => [...node.pods.instances.uids()]),
    answers: () => asker.answers,
    onChange: pulse.beat,
  });
  const watching = view.run(ending.signal);
  try {
    const created = await applyManifests(client, manifests, signal);
    if (exit) await startTick(client, created, signal);
    await view.synced;
    const display = createDisplay(output, startedAt);
    const until = clock.now() + patienceMs;
    let said = '';
    for (;;) {
      const seen = view.observed();
      display(seen, clock.now());
      if (signal.aborted) return 'interrupted';
      if (exit) {
        asker.ask(
          expectations.flatMap(({ questions }) => questions?.(seen) ?? []),
          ending.signal,
        );
        const met = allMet(expectations, seen);
        if (met || clock.now() >= until) {
          const lines = [...resultLines(expectations, seen), ...notes(seen).map((note) => `note: ${note}`)];
          output.write(`${lines.join('\n')}\n`);
          output.write(`${met ? 'all as expected' : 'not as expected'} after ${seconds(clock.now() - startedAt)}\n`);
          return met ? 'met' : 'unmet';
        }
      }
      // Ages change without any news.
      await pulse.next(output.isTTY ? 1_000 : 10_000, signal);
    }
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    throw error;
  } finally {
    ending.abort();
    await Promise.all([watching, client.close(), fetcher.close()]);
  }
}
