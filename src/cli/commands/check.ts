import { type Command, Option } from 'commander';
import type { RestraintName } from '../../../providers/contract/index.ts';
import { ConfigError } from '../../config/settings.ts';
import { examples, prose } from '../help.ts';
import { parseObject } from './dev.ts';
import { unenforcedOption } from './unenforced-option.ts';

interface Flags {
  readonly filename: readonly string[];
  readonly provider: string;
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly unenforced: readonly RestraintName[];
  readonly output: 'text' | 'json';
  readonly verbose?: boolean;
}

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('say which Pods a provider would refuse, without a cluster')
    .description(
      prose(`Judges the Pods in manifests as the node would, without a cluster, and says how large an
instance each gets; of a provider that sells instances also which it is, at what list price, and how much of it was
not asked for. Workloads are judged by the Pods that they make: Deployment, ReplicaSet,
StatefulSet, DaemonSet, Job, CronJob, ReplicationController, PodTemplate. A refusal reads word for
word as in the status of the Pod, with the lines that cause it.

What only a cluster knows is not judged: room on the node, quotas, webhooks, whether a ConfigMap or
another object that the Pod names is there.

Exit code: 0 = none is refused, 1 = at least one is, 2 = the input or the command line is wrong; what is
right in the input is judged all the same.`),
    )
    .requiredOption(
      '-f, --filename <file>',
      'file or folder with manifests, - for standard input; may be repeated',
      (file: string, earlier: readonly string[] = []) => [...earlier, file],
    )
    .option(
      '--provider <name>',
      'docker, eci, fargate, mock, process, ./file.js, or the name of a package',
      'process',
    )
    .addOption(
      new Option('--provider-options <json>', 'options of the provider')
        .argParser(parseObject)
        .default({}, '{}'),
    )
    .addOption(unenforcedOption())
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--verbose', 'also tell which fields have their effect by other means, and what makes no Pods')
    .addHelpText(
      'after',
      examples(
        { what: 'the Pods of one file', command: 'burstlet check -f deployment.yaml' },
        {
          what: 'a rendered chart, for a provider of your own',
          command: 'helm template ./chart | burstlet check -f - --provider ./my-provider.js',
        },
        {
          what: 'whether it would do to leave restricted Pods without what the provider cannot enforce',
          command:
            'burstlet check -f app.yaml --provider eci --unenforced allowPrivilegeEscalation,capabilities.drop,seccompProfile',
        },
        {
          what: 'what runs in a cluster now, as a list of refusals',
          command: `kubectl get deploy,sts,job -A -o yaml | burstlet check -f - -o json | jq '.pods[] | select(.admitted | not)'`,
        },
      ),
    )
    .action(check);
}

async function check(flags: Flags): Promise<void> {
  // Loaded here, so that --help and the other commands stay quick and small.
  const [{ readWhatCan }, { abilityOf }, { checkPods }, { createShapeCheck }, report, { createPinoLog }] =
    await Promise.all([
      import('../manifests/read-manifests.ts'),
      import('../check/ability-of.ts'),
      import('../check/check-pods.ts'),
      import('../check/shape.ts'),
      import('../check/report.ts'),
      import('../../telemetry/pino-log.ts'),
    ]);
  const { provider, providerOptions, unenforced, output, verbose = false } = flags;
  const { manifests, problems: unread } = await readWhatCan(flags.filename);
  const ability = await abilityOf({ provider, options: providerOptions }, createPinoLog('error'));
  const shapeOf = createShapeCheck();
  if (shapeOf === undefined)
    console.error('burstlet: names and types of fields are not checked: this build has no models of the API');
  const outcome = checkPods(manifests, { ...ability, unenforced }, shapeOf ?? (() => []));
  if (outcome.pods.length + outcome.others.length > 0)
    console.log(
      output === 'json'
        ? report.jsonReport(outcome, provider)
        : report.textReport(outcome, provider, verbose),
    );
  const problems = [...unread, ...outcome.problems];
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  if (outcome.pods.some(report.isRefused)) process.exitCode = 1;
}
