import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RestraintName } from '../../../providers/contract/index.ts';
import { checkNodeName } from '../../config/node-checks.ts';
import { systemClock } from '../../telemetry/clock.ts';
import { examples, prose } from '../help.ts';
import { untilInterrupted, whenAborted } from '../signals.ts';
import { packageVersion } from '../version.ts';
import { type ChosenProvider, chooseProvider } from '../wiring/choose-provider.ts';
import type { DevSession } from '../wiring/dev-session.ts';
import { fakeOf } from '../wiring/fake-clouds.ts';
import { fakeImage, firstPod, whatFakesDo, whyNoImages } from './first-pod.ts';
import { unenforcedOption } from './unenforced-option.ts';

interface Flags {
  readonly provider?: string;
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly fake: boolean;
  readonly nodeName: string;
  readonly unenforced: readonly RestraintName[];
  readonly taint: boolean;
  readonly port: number;
  readonly kubeconfig?: string;
  readonly stateDir?: string;
  readonly assets?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .summary('a development cluster with a virtual node, in this process')
    .description(
      prose(`Starts a small Kubernetes control plane on loopback, in memory, with one virtual node, and
prints the line that points kubectl at it. For development and tests, not for production.

With --assets the control plane is a real one: etcd, kube-apiserver, kube-controller-manager
and kube-scheduler from that folder, as processes that live as long as this one.

Ctrl-C ends it and removes every container, process, port and folder that it made.`),
    )
    .option(
      '--provider <name>',
      'docker, eci, fargate, mock, process, ./file.js, or the name of a package (default: docker where an engine answers and has or can pull an image for a first Pod, else process)',
    )
    .option(
      '--fake',
      'a fake of the cloud of eci or fargate, in this process: no account, nothing billed, nothing executed but what kubectl exec brings, which runs on this machine',
      false,
    )
    .addOption(
      new Option('--provider-options <json>', 'options of the provider')
        .argParser(parseObject)
        .default({}, '{}'),
    )
    .option('--node-name <name>', 'name of the node', 'burstlet-0')
    .addOption(unenforcedOption())
    .option('--taint', 'put the provider taint on the node, as on a real cluster', false)
    .addOption(
      new Option('--port <port>', 'port of the API server (0 = a free one)').argParser(parsePort).default(0),
    )
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: in the state folder)')
    .option('--assets <dir>', 'start the Kubernetes programs in this folder as the control plane')
    .option('--state-dir <dir>', 'folder for its state (default: in the temporary folder)')
    .addOption(
      new Option('--log-level <level>', 'least grave of the messages to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('warn'),
    )
    .addHelpText(
      'after',
      examples(
        {
          what: 'a cluster for kubectl in another terminal',
          command: 'burstlet dev --kubeconfig ./kubeconfig',
        },
        {
          what: 'thousands of Pods without a process: the mock, with instances that take 200 ms',
          command: `burstlet dev --provider mock --provider-options '{"latencies":{"create":200}}'`,
        },
        {
          what: 'elastic instances without an account: the provider of a cloud, on a fake of that cloud',
          command: 'burstlet dev --provider eci --fake',
        },
        { what: 'try out a provider of your own', command: 'burstlet dev --provider ./my-provider.js' },
      ),
    )
    .action(dev);
}

async function dev(flags: Flags): Promise<void> {
  checkNodeName(flags.nodeName, '--node-name');
  const [{ startDevSession }, { createPinoLog }] = await Promise.all([
    import('../wiring/dev-session.ts'),
    import('../../telemetry/pino-log.ts'),
  ]);
  const { signal, dispose } = untilInterrupted(() => console.log('stopping ...'));
  const log = createPinoLog(flags.logLevel);
  let choice: ChosenProvider | undefined;
  let session: DevSession | undefined;
  try {
    choice = await chooseProvider(
      {
        provider: flags.fake ? fakeOf(flags.provider) : flags.provider,
        options: flags.providerOptions,
        needsImage: false,
      },
      {
        clock: systemClock,
        random: Math.random,
        log,
        environment: process.env,
        say: (line) => console.log(line),
      },
      signal,
    );
    const { provider, options: providerOptions, why } = choice;
    session = await startDevSession({
      ...{ ...flags, provider, providerOptions },
      log,
      version: packageVersion(),
      signal,
    });
    console.log(`The cluster is ready: ${session.cluster.url}, node ${flags.nodeName}.`);
    console.log(`Provider ${provider}: ${why}.`);
    console.log(`\n  export KUBECONFIG=${session.kubeconfig}\n  kubectl get nodes\n`);
    if (flags.fake) console.log(`${whatFakesDo}\n`);
    const pod = firstPod(flags.fake ? { ...choice, image: fakeImage } : choice, flags.taint);
    if (pod !== undefined) console.log(`A first Pod to paste there:\n\n${pod}\n`);
    if (provider === 'process') console.log(`${whyNoImages}\n`);
    console.log('Ctrl-C ends it and leaves nothing behind.');
    const trouble = await Promise.race([whenAborted(signal), ...brokenOf(session)]);
    if (trouble !== undefined) throw new Error(`the control plane broke: ${trouble}`);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await session?.stop();
    await choice?.leave();
    dispose();
  }
}

function brokenOf({ cluster: { broken } }: DevSession): Promise<string>[] {
  return broken === undefined ? [] : [broken];
}

export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(
    'It must be a JSON object, such as {"instances":5} for process or {"latencies":{"create":200}} for mock.',
  );
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}
