import { type Command, Option } from 'commander';
import { ConfigError } from '../../config/settings.ts';
import { systemClock } from '../../telemetry/clock.ts';
import type { DemoOutcome } from '../demo/run-demo.ts';
import { examples, prose } from '../help.ts';
import { untilInterrupted } from '../signals.ts';
import { packageVersion } from '../version.ts';
import { chooseProvider, runtimeImage } from '../wiring/choose-provider.ts';

interface Flags {
  readonly exit?: boolean;
  readonly provider?: Provider;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const providers = ['docker', 'process', 'mock'] as const;
type Provider = (typeof providers)[number];

/** An interrupted check has found nothing out; an interrupted demo has done what it should. */
const exitCodes: Readonly<Record<DemoOutcome, number>> = { met: 0, unmet: 1, interrupted: 130 };

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('a development cluster with example workloads, to look at')
    .description(
      prose(`Starts a development cluster with a virtual node, applies manifests/examples/ and shows what becomes
of them: a Deployment of web servers, a Job, a StatefulSet, a CronJob, a Pod with init containers, and
four that are refused. Pods run as containers where a Docker engine answers that has their image
or can pull it (${runtimeImage}), else as processes of this machine; the first lines say which,
and why.

Ctrl-C ends it and removes every process, port and folder that it made.`),
    )
    .option(
      '--exit',
      'check that everything comes to its expected end, then end: 0 = it does, 1 = it does not',
    )
    .addOption(
      new Option(
        '--provider <name>',
        'where Pods run (default: docker where it can be had, else process)',
      ).choices(providers),
    )
    .addOption(
      new Option('--log-level <level>', 'least grave of the messages to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('error'),
    )
    .addHelpText(
      'after',
      examples(
        { what: 'look at it, and use kubectl in another terminal', command: 'burstlet demo' },
        { what: 'a smoke test for a machine or a CI job', command: 'burstlet demo --exit' },
      ),
    )
    .action(demo);
}

async function demo({ exit = false, provider, logLevel }: Flags): Promise<void> {
  if (exit && provider === 'mock')
    throw new ConfigError('--exit checks what the examples do, and with --provider mock nothing runs');
  // Loaded here, so that --help and the other commands stay quick and small.
  const [{ runDemo }, { examplesFolder }, { readManifests }, { createPinoLog }] = await Promise.all([
    import('../demo/run-demo.ts'),
    import('../demo/examples-folder.ts'),
    import('../manifests/read-manifests.ts'),
    import('../../telemetry/pino-log.ts'),
  ]);
  const manifests = await readManifests([examplesFolder()]);
  const interrupt = untilInterrupted(() =>
    console.log('\nstopping ... (again: at once; the next demo then clears up)'),
  );
  // Without a reader there is nobody to stay for.
  const unread = new AbortController();
  process.stdout.once('error', () => unread.abort());
  try {
    const signal = AbortSignal.any([interrupt.signal, unread.signal]);
    const shared = { clock: systemClock, random: Math.random, log: createPinoLog(logLevel) };
    const choice = await chooseProvider(
      { provider, needsImage: true },
      { ...shared, environment: process.env, say: (line) => console.log(line) },
      signal,
    );
    const options = { manifests, choice, exit };
    const deps = { ...shared, version: packageVersion(), output: process.stdout };
    const outcome = await runDemo(options, deps, signal);
    process.exitCode = exit ? exitCodes[outcome] : 0;
  } catch (error) {
    // Before the demo has begun.
    if (!interrupt.signal.aborted && !unread.signal.aborted) throw error;
    process.exitCode = exit ? exitCodes.interrupted : 0;
  } finally {
    interrupt.dispose();
  }
}
