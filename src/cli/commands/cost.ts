import os from 'node:os';
import { type Command, Option } from 'commander';
import { examples, prose } from '../help.ts';
import { packageVersion } from '../version.ts';

interface Flags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly output: 'text' | 'json';
}

export function addCostCommand(program: Command): void {
  program
    .command('cost')
    .summary('say what the Pods of virtual nodes cost')
    .description(
      prose(`Reads the Pods of a cluster and adds up what their instances cost: of those that run until
now, of those that have ended what it came to. The prices are the list prices that were known when the
instances were bought; Pods that are deleted are in no list, see the metric burstlet_cost_total.`),
    )
    .option('--kubeconfig <file>', 'kubeconfig (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'one namespace (default: all)')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      examples(
        { what: 'what runs now, and what it costs', command: 'burstlet cost' },
        {
          what: 'the cost per hour of one namespace',
          command: `burstlet cost -n shop -o json | jq '[.totals[].perSecond] | add * 3600'`,
        },
      ),
    )
    .action(cost);
}

async function cost(flags: Flags): Promise<void> {
  const [
    { loadClusterAccess },
    { createKubeClient },
    { createPinoLog },
    { systemClock },
    { pods },
    { podCost },
    report,
  ] = await Promise.all([
    import('../../kube/cluster-access.ts'),
    import('../../kube/rest-client.ts'),
    import('../../telemetry/pino-log.ts'),
    import('../../telemetry/clock.ts'),
    import('../../kube/resources.ts'),
    import('../../capacity/pod-cost.ts'),
    import('../cost/report.ts'),
  ]);
  const { kubeconfig, context, namespace, output } = flags;
  const shared = { clock: systemClock, random: Math.random, log: createPinoLog('error') };
  const access = await loadClusterAccess(
    { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
    { ...shared, env: process.env, home: os.homedir() },
  );
  const client = createKubeClient({
    ...{ ...shared, userAgent: `burstlet/${packageVersion()}` },
    server: access.server,
    credentials: access.credentials,
  });
  try {
    const { items } = await client.list(pods, namespace === undefined ? {} : { namespace });
    const now = systemClock.now();
    const costs = items.map((pod) => podCost(pod, now)).filter((one) => one !== undefined);
    console.log(output === 'json' ? report.jsonReport(costs, now) : report.textReport(costs, now));
  } finally {
    await client.close();
  }
}
