import { type Command, Option } from 'commander';
import { systemClock } from '../../telemetry/clock.ts';
import type { DemoOutcome } from '../demo/run-demo.ts';
import { examples, prose } from '../help.ts';
import { untilInterrupted } from '../signals.ts';
import { packageVersion } from '../version.ts';

interface Flags {
  readonly exit?: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** An interrupted check has found nothing out; an interrupted demo has done what it should. */
const exitCodes: Readonly<Record<DemoOutcome, number>> = { met: 0, unmet: 1, interrupted: 130 };

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('a development cluster with example workloads, to look at')
    .description(
      prose(`Starts a development cluster with a virtual node, applies manifests/examples/ and shows what becomes
of them: a Deployment of web servers, a Job, a StatefulSet, a CronJob, a Pod with init containers, and
four that are refused. Pods run as processes of this machine; it needs nothing but Node.js.

Ctrl-C ends it and removes every process, port and folder that it made.`),
    )
    .option(
      '--exit',
      'check that everything comes to its expected end, then end: 0 = it does, 1 = it does not',
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

async function demo({ exit = false, logLevel }: Flags): Promise<void> {
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
    const outcome = await runDemo(
      { manifests, exit },
      {
        clock: systemClock,
        random: Math.random,
        log: createPinoLog(logLevel),
        version: packageVersion(),
        output: process.stdout,
      },
      AbortSignal.any([interrupt.signal, unread.signal]),
    );
    process.exitCode = exit ? exitCodes[outcome] : 0;
  } finally {
    interrupt.dispose();
  }
}
