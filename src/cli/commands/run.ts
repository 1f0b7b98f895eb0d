import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { ConfigError, type Settings } from '../../config/settings.ts';
import { type RunFlags, settingsOfFile, settingsOfFlags } from '../../config/settings-of.ts';
import { systemClock } from '../../telemetry/clock.ts';
import { examples, prose } from '../help.ts';
import { untilInterrupted } from '../signals.ts';
import { packageVersion } from '../version.ts';

interface Flags extends RunFlags {
  readonly config?: string;
  readonly deregister?: boolean;
}

/** Longest drain of `--deregister`. */
const drainMs = 15 * 60_000;

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('register virtual nodes with a cluster and serve them')
    .description(
      prose(`Registers virtual nodes with a cluster and serves them until it is stopped.

The first SIGTERM or Ctrl-C ends the daemon and leaves its instances running: the next
daemon of the same node takes them over. The second ends it at once. With --deregister
the first one drains the node and removes it from the cluster.

The provider "process" runs the commands of Pods on this machine with the rights of this
process and no isolation: give it only Pods of people who may log in here.`),
    )
    .option('--config <file>', 'take everything from this file (docs/reference/configuration.md)')
    .option(
      '--kubeconfig <file>',
      'cluster to join (default: $KUBECONFIG, the service account, ~/.kube/config)',
    )
    .option('--context <name>', 'context of the kubeconfig')
    .option('--node-name <name>', 'name of the node (default: burstlet-<provider>)')
    .option('--provider <name>', 'mock, process, ./file.js, or the name of a package')
    .option('--listen <address>', 'address and port of the node API (default: 0.0.0.0:10250)')
    .option('--address <ip>', 'InternalIP of the node, where the API server finds it')
    .option('--no-taint', 'let ordinary Pods come here too')
    .option('--state-dir <dir>', 'folder for what has to outlive the daemon')
    .addOption(
      new Option('--log-level <level>', 'least grave of the messages to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .option('--deregister', 'on SIGTERM: drain the node and remove it from the cluster')
    .addHelpText(
      'after',
      examples(
        {
          what: 'a node of your own provider, in the cluster of the current kubeconfig',
          command: 'burstlet run --provider ./my-provider.js --node-name burst-0 --address 10.0.0.5',
        },
        {
          what: 'several nodes, and all that flags cannot say',
          command: 'burstlet run --config burstlet.yaml',
        },
        {
          what: 'leave for good: on Ctrl-C drain the node and remove it from the cluster',
          command: 'burstlet run --config burstlet.yaml --deregister',
        },
      ),
    )
    .action((flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const settings = await readSettings(flags);
  // Loaded here, so that --help and the other commands stay quick and small.
  const [{ startDaemon }, { createPinoLog }, { deregister }] = await Promise.all([
    import('../wiring/daemon.ts'),
    import('../../telemetry/pino-log.ts'),
    import('../../node/deregister.ts'),
  ]);
  const log = createPinoLog(settings.logLevel);
  const daemonEnd = new AbortController();
  const end = (): void => daemonEnd.abort();
  const { signal, dispose } = untilInterrupted((name) => log.info({ signal: name }, farewell(flags)));
  // Nothing else keeps the process alive while all is quiet.
  const alive = setInterval(() => undefined, 1 << 30);
  signal.addEventListener('abort', end, { once: true });
  let begun = false;
  try {
    const daemon = await startDaemon(settings, { log, version: packageVersion() }, daemonEnd.signal);
    begun = true;
    for (const { name, address } of daemon.nodes) log.info({ node: name, ...address }, 'the node is served');
    if (flags.deregister && !signal.aborted) {
      signal.removeEventListener('abort', end);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      // All at once: the drain of one may take its time, and the others have no use for that.
      const drained = await Promise.allSettled(
        daemon.nodes.map(({ name: nodeName, letGo }) =>
          deregister(
            { clock: systemClock, log, client: daemon.client, nodeName, timeoutMs: drainMs, letGo },
            AbortSignal.timeout(drainMs + 60_000),
          ),
        ),
      );
      end();
      await daemon.ended;
      const failed = drained.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
    await daemon.ended;
  } catch (error) {
    // Interrupted while it waited for an API server that does not answer, say: that is what was asked for.
    if (begun || !signal.aborted) throw error;
  } finally {
    end();
    clearInterval(alive);
    dispose();
  }
}

function farewell({ deregister }: Flags): string {
  return deregister
    ? 'the node is drained and removed; a second signal ends this at once and leaves it as it is then'
    : 'stopping; instances keep running';
}

async function readSettings(flags: Flags): Promise<Settings> {
  if (flags.config === undefined) return settingsOfFlags(flags);
  const beside = ['kubeconfig', 'context', 'nodeName', 'provider', 'listen', 'address', 'stateDir'].filter(
    (name) => name in flags,
  );
  if (beside.length > 0)
    throw new ConfigError(
      `--config holds everything: leave out ${beside.map(dashed).join(', ')}, or put it into ${flags.config}`,
    );
  // The schema and its validator are heavy, and a daemon started by flags needs neither.
  const { parseConfigFile } = await import('../../config/config-file.ts');
  const text = await readFile(flags.config, 'utf8').catch((error: unknown) => {
    throw new ConfigError(
      `--config ${flags.config}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return settingsOfFile(parseConfigFile(text, flags.config), flags.config);
}

function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
