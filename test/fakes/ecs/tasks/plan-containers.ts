import type {
  ContainerDefinition,
  ContainerOverride,
  TaskDefinition,
  TaskOverride,
} from '@aws-sdk/client-ecs';
import type { ContainerPlan } from '../life/container-plan.ts';
import { type ChooseProgram, type FakeProgram, programOf } from '../life/program.ts';

export interface PlanDeps {
  readonly choose: ChooseProgram;
  /** Sees to the log group of a container; why its log cannot be written otherwise. */
  logError(group: string, mayCreate: boolean): string | undefined;
  /** The variables that a container has from stored secrets. */
  secretVariables(container: ContainerDefinition): Readonly<Record<string, string>>;
}

/** The containers of a task: its definition, with the overrides over it. */
export function planContainers(
  definition: TaskDefinition,
  overrides: TaskOverride | undefined,
  deps: PlanDeps,
): ContainerPlan[] {
  const containers = definition.containerDefinitions ?? [];
  const mustEnd = new Set(
    containers.flatMap(({ dependsOn = [] }) =>
      dependsOn
        .filter(({ condition }) => condition === 'COMPLETE' || condition === 'SUCCESS')
        .map(({ containerName }) => containerName),
    ),
  );
  return containers.map((container) => {
    const override = overrides?.containerOverrides?.find(({ name }) => name === container.name);
    return planContainer(container, override, mustEnd.has(container.name), deps);
  });
}

function planContainer(
  container: ContainerDefinition,
  override: ContainerOverride | undefined,
  mustEnd: boolean,
  deps: PlanDeps,
): ContainerPlan {
  const { name = '', image = '', healthCheck, restartPolicy, startTimeout } = container;
  const plain = [...(container.environment ?? []), ...(override?.environment ?? [])];
  const environment = {
    ...deps.secretVariables(container),
    ...Object.fromEntries(plain.map(({ name: variable = '', value = '' }) => [variable, value])),
  };
  const command = [...(container.entryPoint ?? []), ...(override?.command ?? container.command ?? [])];
  return {
    name,
    image,
    essential: container.essential ?? true,
    environment,
    dependsOn: (container.dependsOn ?? []).map(({ containerName = '', condition = 'START' }) => ({
      containerName,
      condition,
    })),
    stopTimeoutMs: (container.stopTimeout ?? 30) * 1000,
    program: withLog(programOf({ name, image, command, environment, mustEnd }, deps.choose), container, deps),
    ...(startTimeout !== undefined && { startTimeoutMs: startTimeout * 1000 }),
    ...(restartPolicy?.enabled && {
      restarts: {
        ignoredExitCodes: restartPolicy.ignoredExitCodes ?? [],
        minimumRunMs: (restartPolicy.restartAttemptPeriod ?? 300) * 1000,
      },
    }),
    ...(healthCheck !== undefined && {
      healthCheck: {
        intervalMs: (healthCheck.interval ?? 30) * 1000,
        retries: healthCheck.retries ?? 3,
        startPeriodMs: (healthCheck.startPeriod ?? 0) * 1000,
      },
    }),
  };
}

function withLog(
  program: FakeProgram,
  { logConfiguration }: ContainerDefinition,
  deps: PlanDeps,
): FakeProgram {
  const { logDriver, options = {} } = logConfiguration ?? {};
  if (logDriver !== 'awslogs') return program;
  const startError = deps.logError(
    options['awslogs-group'] ?? '',
    options['awslogs-create-group'] === 'true',
  );
  return startError === undefined ? program : { ...program, startError };
}
