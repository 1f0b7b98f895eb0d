import type { ProviderClock, ProviderContext } from '../contract/index.ts';
import { wallClock } from '../contract/index.ts';
import { sharedBudgets } from './api/budgets.ts';
import { EcsApi } from './api/ecs-api.ts';
import { LogsApi } from './api/logs-api.ts';
import { SecretsApi } from './api/secrets-api.ts';
import { Creates } from './creates.ts';
import { Definitions } from './definitions.ts';
import { Ends } from './ends.ts';
import { Forgotten } from './forgotten.ts';
import { readFargateOptions } from './options.ts';
import { FargateProvider } from './provider.ts';
import { listenToQueue } from './push.ts';
import { type Clients, createClients } from './sdk.ts';
import { SecretNames } from './secrets/secret-names.ts';
import { SecretStore } from './secrets/secret-store.ts';
import { type SecretRhythm, SecretSweep, secretRhythm } from './secrets/secret-sweep.ts';
import { SessionApi } from './ssm/session-api.ts';
import { signerOf } from './ssm/signer.ts';
import { TaskExec } from './task-exec.ts';
import { TaskLogs } from './task-logs.ts';
import { TaskLooks } from './task-looks.ts';
import { TaskTable } from './task-table.ts';
import { Tasks } from './tasks.ts';
import { Watch } from './watch.ts';

export interface FargateTools {
  readonly clock?: ProviderClock;
  readonly random?: () => number;
  readonly rhythm?: SecretRhythm;
}

/** Throws InvalidSpec that names every option that is wrong, and Unsupported when the SDK is not installed. */
export async function createFargateProvider(
  { options: given, log, stateDir, shared }: ProviderContext,
  { clock = wallClock, random = Math.random, rhythm = secretRhythm }: FargateTools = {},
): Promise<FargateProvider> {
  const options = readFargateOptions(given);
  const clients = await createClients(options);
  const { region, cluster, logGroup, logPrefix, queueUrl } = options;
  const place = { region, cluster };
  const budgets = sharedBudgets(shared, options, clock);
  const api = new EcsApi({ ecs: clients.ecs, budgets, place });
  const forgotten = await Forgotten.open({ stateDir, clock, log });
  const table = new TaskTable({ clock, forgotten });
  const definitions = new Definitions({ api, clock, log, cluster, keep: options.taskDefinitions });
  const tasks = new Tasks({ api, definitions, table });
  const pushed = clients.sqs !== undefined;
  const watch = new Watch({ api, tasks, table, clock, random, log, pushed });
  const { logs, sqs, secrets }: Clients = clients;
  const secretsApi = secrets && new SecretsApi({ secrets, budgets, place });
  const names = secretsApi && (await SecretNames.open(stateDir, log));
  const store = secretsApi && names && new SecretStore({ api: secretsApi, names, clock, random, log });
  return new FargateProvider({
    options,
    table,
    tasks,
    watch,
    definitions,
    forgotten,
    creates: new Creates({ api, definitions, tasks, options, ...(store && { secrets: store }) }),
    ends: new Ends({ api, looks: new TaskLooks(api), tasks, table, clock }),
    exec: new TaskExec({
      ...{ api, tasks, table, clock, random, log },
      sessions: new SessionApi({ sign: signerOf(clients.ecs, region) }),
      enabled: options.enableExecuteCommand,
    }),
    ...(logs !== undefined &&
      logGroup !== undefined && {
        logs: new TaskLogs({
          api: new LogsApi({ logs, budget: budgets.logs, place }),
          ...{ tasks, table, clock, group: logGroup, prefix: logPrefix },
        }),
      }),
    ...(sqs !== undefined &&
      queueUrl !== undefined && {
        listen: (signal: AbortSignal) =>
          listenToQueue(
            {
              ...{ sqs, queueUrl, place, clock, random, log },
              onChange(arn, version) {
                const row = table.get(arn);
                if (row !== undefined && version > row.version) watch.nudge(arn);
              },
            },
            signal,
          ),
      }),
    ...(store &&
      secretsApi && {
        secretSweep: new SecretSweep({ api: secretsApi, store, tasks, table, clock, log, rhythm }),
      }),
    disconnect() {
      store?.close();
      clients.destroy();
    },
  });
}
