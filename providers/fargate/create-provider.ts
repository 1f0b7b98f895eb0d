import type { ProviderClock, ProviderContext } from '../contract/index.ts';
import { wallClock } from '../contract/index.ts';
import { sharedBudgets } from './api/budgets.ts';
import { EcsApi } from './api/ecs-api.ts';
import { LogsApi } from './api/logs-api.ts';
import { Creates } from './creates.ts';
import { Definitions } from './definitions.ts';
import { Ends } from './ends.ts';
import { Forgotten } from './forgotten.ts';
import { readFargateOptions } from './options.ts';
import { FargateProvider } from './provider.ts';
import { listenToQueue } from './push.ts';
import { type Clients, createClients } from './sdk.ts';
import { TaskLogs } from './task-logs.ts';
import { TaskLooks } from './task-looks.ts';
import { TaskTable } from './task-table.ts';
import { Tasks } from './tasks.ts';
import { Watch } from './watch.ts';

export interface FargateTools {
  readonly clock?: ProviderClock;
  readonly random?: () => number;
}

/** Throws InvalidSpec that names every option that is wrong, and Unsupported when the SDK is not installed. */
export async function createFargateProvider(
  { options: given, log, stateDir, shared }: ProviderContext,
  { clock = wallClock, random = Math.random }: FargateTools = {},
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
  const { logs, sqs }: Clients = clients;
  return new FargateProvider({
    options,
    table,
    tasks,
    watch,
    definitions,
    forgotten,
    creates: new Creates({ api, definitions, tasks, options }),
    ends: new Ends({ api, looks: new TaskLooks(api), tasks, table, clock }),
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
    disconnect: () => clients.destroy(),
  });
}
