import type {
  DeleteTaskDefinitionsRequest,
  DeregisterTaskDefinitionRequest,
  DescribeTaskDefinitionRequest,
  Failure,
  ListTaskDefinitionFamiliesRequest,
  ListTaskDefinitionsRequest,
  RegisterTaskDefinitionRequest,
  TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { DefinitionRegistry } from '../definitions/definition-registry.ts';
import { invalidParameter } from '../door/service-error.ts';
import { type Action, action } from './action.ts';
import { pageOf } from './paging.ts';

export function definitionActions(registry: DefinitionRegistry): Record<string, Action> {
  function register(request: RegisterTaskDefinitionRequest): object {
    const { definition, tags } = registry.register(request);
    return { taskDefinition: definition, tags };
  }

  function describe({ taskDefinition, include = [] }: DescribeTaskDefinitionRequest): object {
    const { definition, tags } = registry.find(taskDefinition);
    return { taskDefinition: definition, tags: include.includes('TAGS') ? tags : [] };
  }

  function remove({ taskDefinitions: names = [] }: DeleteTaskDefinitionsRequest): object {
    if (names.length === 0 || names.length > 10)
      throw invalidParameter('taskDefinitions takes 1 to 10 task definitions.');
    const deleted: TaskDefinition[] = [];
    const failures: Failure[] = [];
    for (const name of names)
      try {
        deleted.push(registry.delete(name));
      } catch (error) {
        failures.push({ arn: name, reason: error instanceof Error ? error.message : String(error) });
      }
    return { taskDefinitions: deleted, failures };
  }

  /** Sorted by family and revision. */
  function list(request: ListTaskDefinitionsRequest): object {
    const { familyPrefix, status = 'ACTIVE', sort = 'ASC' } = request;
    // Unlike its name, it is the whole family.
    const wanted = registry
      .all()
      .filter((one) => one.status === status && (familyPrefix === undefined || one.family === familyPrefix));
    const ascending = wanted
      .map((one) => ({ ...one, key: sortKey(one) }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const arns = new Map(
      (sort === 'DESC' ? ascending.toReversed() : ascending).map(({ taskDefinitionArn = '' }, index) => [
        String(index).padStart(9, '0'),
        taskDefinitionArn,
      ]),
    );
    const { items, nextToken } = pageOf([...arns.keys()], request.maxResults, request.nextToken);
    return { taskDefinitionArns: items.map((key) => arns.get(key)), nextToken };
  }

  function families(request: ListTaskDefinitionFamiliesRequest): object {
    const { familyPrefix = '', status = 'ACTIVE' } = request;
    const active = new Set(
      registry.all().flatMap((one) => (one.status === 'ACTIVE' ? [one.family ?? ''] : [])),
    );
    const all = new Set(registry.all().map(({ family = '' }) => family));
    const wanted = [...all].filter(
      (family) =>
        family.startsWith(familyPrefix) && (status === 'ALL' || (status === 'ACTIVE') === active.has(family)),
    );
    const { items, nextToken } = pageOf(wanted, request.maxResults, request.nextToken);
    return { families: items, nextToken };
  }

  return {
    RegisterTaskDefinition: action(register),
    DescribeTaskDefinition: action(describe),
    DeregisterTaskDefinition: action(({ taskDefinition }: DeregisterTaskDefinitionRequest) => ({
      taskDefinition: registry.deregister(taskDefinition),
    })),
    DeleteTaskDefinitions: action(remove),
    ListTaskDefinitions: action(list),
    ListTaskDefinitionFamilies: action(families),
  };
}

function sortKey({ family = '', revision = 0 }: TaskDefinition): string {
  return `${family}:${String(revision).padStart(9, '0')}`;
}
