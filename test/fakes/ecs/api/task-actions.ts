import type {
  DescribeTasksRequest,
  Failure,
  ListTasksRequest,
  RunTaskRequest,
  StopTaskRequest,
  Tag,
  Task,
} from '@aws-sdk/client-ecs';
import type { DefinitionRegistry } from '../definitions/definition-registry.ts';
import { invalidParameter } from '../door/service-error.ts';
import type { ClientTokens } from '../tasks/client-tokens.ts';
import type { Clusters } from '../tasks/clusters.ts';
import type { Fleet } from '../tasks/fleet.ts';
import { checkNetwork, type FakeNetwork } from '../tasks/network.ts';
import type { TaskMaker } from '../tasks/task-maker.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import { validateRun } from '../tasks/validate-run.ts';
import { type Action, action } from './action.ts';
import { pageOf } from './paging.ts';

export interface TaskActionsDeps {
  readonly clusters: Clusters;
  readonly definitions: DefinitionRegistry;
  readonly fleet: Fleet;
  readonly maker: TaskMaker;
  readonly tokens: ClientTokens;
  readonly network: FakeNetwork;
  readonly random: () => number;
  now(): number;
}

export function taskActions(deps: TaskActionsDeps): Record<string, Action> {
  const { clusters, definitions, fleet, maker, tokens, network, now } = deps;

  function runTask(request: RunTaskRequest): object {
    const cluster = clusters.find(request.cluster);
    const definition = definitions.runnable(request.taskDefinition);
    validateRun(request, definition);
    const choose = () => clusters.choose(cluster, request, deps.random);
    choose();
    const subnets = checkNetwork(request.networkConfiguration, network);
    const known = tokens.replay(cluster.name, request, now());
    if (known !== undefined) return { tasks: known, failures: [] };
    const tags = [...(request.tags ?? []), ...inherited(request, definition.taskDefinitionArn)];
    const made = maker.make({ request: { ...request, tags }, definition, cluster, subnets, choose });
    tokens.remember(cluster.name, request, made.tasks, now());
    return made;
  }

  function inherited({ propagateTags, tags = [] }: RunTaskRequest, arn: string | undefined): Tag[] {
    if (propagateTags !== 'TASK_DEFINITION') return [];
    const own = new Set(tags.map(({ key }) => key));
    return definitions.find(arn).tags.filter(({ key }) => !own.has(key));
  }

  function describeTasks({ cluster, tasks: names = [], include = [] }: DescribeTasksRequest): object {
    const { arn, name: clusterName } = clusters.find(cluster);
    if (names.length === 0) throw invalidParameter('Tasks cannot be empty.');
    if (names.length > 100) throw invalidParameter('Tasks cannot have more than 100 elements.');
    const tasks: Task[] = [];
    const failures: Failure[] = [];
    for (const name of new Set(names)) {
      const seen = fleet.seen(name);
      if (seen?.task.cluster.name === clusterName)
        tasks.push(include.includes('TAGS') ? seen.view : withoutTags(seen.view));
      else
        failures.push({
          arn: name.includes(':') ? name : `${arn.replace(':cluster/', ':task/')}/${name}`,
          reason: 'MISSING',
        });
    }
    return { tasks, failures };
  }

  function listTasks(request: ListTasksRequest): object {
    const cluster = clusters.find(request.cluster);
    const {
      family,
      startedBy,
      desiredStatus = 'RUNNING',
      launchType,
      containerInstance,
      serviceName,
    } = request;
    if (startedBy !== undefined && (family ?? launchType ?? containerInstance ?? serviceName) !== undefined)
      throw invalidParameter('startedBy must be the only filter.');
    const matches = (task: TaskRecord): boolean => {
      const view = fleet.seen(task.id)?.view;
      // PENDING never matches: no task has it as its desired status.
      return (
        view?.desiredStatus === desiredStatus &&
        task.cluster === cluster &&
        (family === undefined || task.definition.family === family) &&
        (startedBy === undefined || task.request.startedBy === startedBy) &&
        (launchType === undefined || view.launchType === launchType)
      );
    };
    const arns = fleet
      .all()
      .filter(matches)
      .map(({ arn }) => arn);
    const { items, nextToken } = pageOf(arns, request.maxResults, request.nextToken);
    return { taskArns: items, nextToken };
  }

  function stopTask({ cluster, task: name = '', reason }: StopTaskRequest): object {
    if (reason !== undefined && reason.length > 255)
      throw invalidParameter('reason takes up to 255 characters.');
    const task = known(cluster, name);
    const order = { code: 'UserInitiated', reason: reason ?? 'Task stopped by user' } as const;
    fleet.change(task, (at) => task.life.requestStop(at, order));
    return { task: withoutTags(fleet.seen(task.id)?.view ?? {}) };
  }

  function known(cluster: string | undefined, name: string): TaskRecord {
    const found = fleet.find(name);
    if (found === undefined || found.cluster !== clusters.find(cluster))
      throw invalidParameter('The referenced task was not found.');
    return found;
  }

  return {
    RunTask: action(runTask),
    DescribeTasks: action(describeTasks),
    ListTasks: action(listTasks),
    StopTask: action(stopTask),
  };
}

function withoutTags({ tags: _tags, ...task }: Task): Task {
  return { ...task, tags: [] };
}
