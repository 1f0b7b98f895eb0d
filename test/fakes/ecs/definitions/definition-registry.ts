import type { RegisterTaskDefinitionRequest, Tag, TaskDefinition } from '@aws-sdk/client-ecs';
import { clientException, invalidParameter } from '../door/service-error.ts';
import { validateDefinition } from './validate-definition.ts';

interface Registered {
  definition: TaskDefinition;
  tags: readonly Tag[];
}

export interface DefinitionRegistryDeps {
  /** `arn:aws:ecs:REGION:ACCOUNT` */
  readonly arnPrefix: string;
  now(): number;
}

/** Task definitions by family and revision. A revision number is never given out twice. */
export class DefinitionRegistry {
  readonly #deps: DefinitionRegistryDeps;
  readonly #byArn = new Map<string, Registered>();
  readonly #revisions = new Map<string, number>();

  constructor(deps: DefinitionRegistryDeps) {
    this.#deps = deps;
  }

  register(request: RegisterTaskDefinitionRequest): Registered {
    validateDefinition(request);
    const { family = '', tags = [], ...rest } = request;
    const revision = (this.#revisions.get(family) ?? 0) + 1;
    this.#revisions.set(family, revision);
    const arn = `${this.#deps.arnPrefix}:task-definition/${family}:${revision}`;
    const definition: TaskDefinition = {
      ...rest,
      taskDefinitionArn: arn,
      family,
      revision,
      status: 'ACTIVE',
      volumes: request.volumes ?? [],
      placementConstraints: [],
      compatibilities: ['EC2', 'FARGATE'],
      containerDefinitions: (request.containerDefinitions ?? []).map((container) => ({
        cpu: 0,
        portMappings: [],
        essential: true,
        environment: [],
        mountPoints: [],
        volumesFrom: [],
        systemControls: [],
        ...container,
      })),
      registeredAt: new Date(this.#deps.now()),
      registeredBy: `${this.#deps.arnPrefix}:user/burstlet`,
    };
    const registered = { definition, tags };
    this.#byArn.set(arn, registered);
    return registered;
  }

  /** By `family`, `family:revision` or ARN; the newest ACTIVE one for a family. Throws ClientException. */
  find(name: string | undefined): Registered {
    if (!name) throw clientException('TaskDefinition can not be blank.');
    const short = name.replace(/^arn:aws:ecs:[^/]*:task-definition\//, '');
    const [family = '', revision] = short.split(':');
    if (revision !== undefined) {
      const found = this.#byArn.get(`${this.#deps.arnPrefix}:task-definition/${family}:${revision}`);
      if (found !== undefined) return found;
    } else {
      for (let number = this.#revisions.get(family) ?? 0; number > 0; number--) {
        const found = this.#byArn.get(`${this.#deps.arnPrefix}:task-definition/${family}:${number}`);
        if (found?.definition.status === 'ACTIVE') return found;
      }
    }
    throw clientException('Unable to describe task definition.');
  }

  /** The one that RunTask starts. */
  runnable(name: string | undefined): TaskDefinition {
    if (!name) throw clientException('TaskDefinition can not be blank.');
    let definition: TaskDefinition;
    try {
      ({ definition } = this.find(name));
    } catch {
      throw clientException('TaskDefinition not found.');
    }
    if (definition.status !== 'ACTIVE') throw clientException('TaskDefinition is inactive');
    return definition;
  }

  deregister(name: string | undefined): TaskDefinition {
    if (!name?.includes(':')) throw invalidParameter('The task definition must be given with its revision.');
    const registered = this.find(name);
    if (registered.definition.status === 'ACTIVE')
      registered.definition = {
        ...registered.definition,
        status: 'INACTIVE',
        deregisteredAt: new Date(this.#deps.now()),
      };
    return registered.definition;
  }

  /** Only what was deregistered before can be deleted. */
  delete(name: string): TaskDefinition {
    const registered = this.find(name);
    const { definition } = registered;
    if (definition.status === 'ACTIVE')
      throw clientException('The specified task definition is still in ACTIVE status. Deregister it first.');
    registered.definition = {
      ...definition,
      status: 'DELETE_IN_PROGRESS',
      deleteRequestedAt: new Date(this.#deps.now()),
    };
    return registered.definition;
  }

  all(): TaskDefinition[] {
    return [...this.#byArn.values()].map(({ definition }) => definition);
  }

  setTags(arn: string, tags: readonly Tag[]): void {
    this.find(arn).tags = tags;
  }
}
