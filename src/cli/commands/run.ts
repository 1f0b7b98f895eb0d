import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { fileTrouble } from '../../config/file-trouble.ts';
import { checkNamedFiles } from '../../config/named-files.ts';
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
    .option(
      '--bootstrap-kubeconfig <file>',
      'ask with it for the identity of a node; --kubeconfig is written then',
    )
    .option('--no-rotate-certificates', 'keep the client certificate that came by the bootstrap to its end')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--node-name <name>', 'name of the node (default: burstlet-<provider>)')
    .option('--provider <name>', 'docker, eci, fargate, mock, process, ./file.js, or the name of a package')
    .option('--listen <address>', 'address and port of the node API (default: 0.0.0.0:10250)')
    .option('--address <ip>', 'InternalIP of the node, where the API server finds it')
    .option('--tls-cert-file <file>', 'certificate of the node API, PEM (default: a self-signed one)')
    .option('--tls-private-key-file <file>', 'its key, PEM')
    .option('--rotate-server-certificates', 'ask the cluster for that certificate, and for the next in time')
    .option('--client-ca-file <file>', 'CA of client certificates, PEM (default: what the cluster publishes)')
    .option('--no-taint', 'let ordinary Pods come here too')
    .option('--state-dir <dir>', 'folder for what has to outlive the daemon')
    .addOption(
      new Option(
        '--log-level <level>',
        'least grave of the messages to log (default: as the file says, else info)',
      ).choices(['debug', 'info', 'warn', 'error']),
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
    .action(run);
}

async function run(flags: Flags, command: Command): Promise<void> {
  const settings = await readSettings(flags, command);
  await checkNamedFiles(settings);
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

/** Flags that go with a file; what the others say, the file says. */
const besideConfig = ['config', 'logLevel', 'deregister'];

/** The settings that the command line asks for. Throws ConfigError. */
export async function readSettings(flags: Flags, command: Command): Promise<Settings> {
  const { config, logLevel } = flags;
  if (config === undefined) return settingsOfFlags(flags);
  const given = command.options.filter(
    (option) =>
      command.getOptionValueSource(option.attributeName()) === 'cli' &&
      !besideConfig.includes(option.attributeName()),
  );
  if (given.length > 0)
    throw new ConfigError(
      `--config holds everything: leave out ${given.map(({ long }) => long).join(', ')}, and say it in ${config}`,
    );
  // The schema and its validator are heavy, and a daemon started by flags needs neither.
  const { parseConfigFile } = await import('../../config/config-file.ts');
  const text = await readFile(config, 'utf8').catch((error: unknown) => {
    throw new ConfigError(
      `--config ${config} cannot be read: ${fileTrouble(error)}; docs/examples/burstlet.yaml is one to begin with`,
    );
  });
  const settings = settingsOfFile(parseConfigFile(text, config));
  return logLevel === undefined ? settings : { ...settings, logLevel };
}
