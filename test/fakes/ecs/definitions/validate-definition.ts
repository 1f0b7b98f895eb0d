import type { ContainerDefinition, RegisterTaskDefinitionRequest } from '@aws-sdk/client-ecs';
import { clientException } from '../door/service-error.ts';
import { checkTags } from '../tasks/validate-tags.ts';
import { cpuUnits, isFargateSize, memoryMib } from './fargate-sizes.ts';
import { containerObjection } from './validate-container.ts';

/** Service quota "Task definition size". */
const maxLength = 65_536;

/** Throws what the vendor says to a task definition that cannot run on Fargate. */
export function validateDefinition(request: RegisterTaskDefinitionRequest): void {
  const { family, containerDefinitions: containers = [], volumes = [], ephemeralStorage } = request;
  if (family === undefined || !/^[\w-]{1,255}$/.test(family))
    throw clientException(
      'Family should not be null or empty and may hold letters, digits, hyphens and underscores.',
    );
  if (containers.length === 0) throw clientException('Container list cannot be empty.');
  if (request.networkMode !== 'awsvpc') throw clientException("Fargate only supports network mode 'awsvpc'.");
  checkSize(request.cpu, request.memory);
  if (request.pidMode !== undefined && request.pidMode !== 'task')
    throw clientException("Fargate compatible task definitions do not support pidMode 'host'.");
  if (request.ipcMode !== undefined) throw clientException('ipcMode is not supported for Fargate tasks.');
  const size = ephemeralStorage?.sizeInGiB;
  if (size !== undefined && !(size >= 21 && size <= 200))
    throw clientException('The ephemeral storage size must be between 21 and 200 GiB.');
  for (const container of containers) {
    const objection = containerObjection(container);
    if (objection !== undefined) throw objection;
  }
  checkNames(containers);
  checkDependencies(containers);
  checkResources(request, containers);
  const volumeNames = new Set(volumes.map(({ name }) => name));
  for (const { name, host } of volumes)
    if (host?.sourcePath !== undefined)
      throw clientException(
        `Fargate compatible task definitions do not support sourcePath (volume '${name}')`,
      );
  for (const { mountPoints = [] } of containers)
    for (const { sourceVolume } of mountPoints)
      if (!volumeNames.has(sourceVolume)) throw clientException(`Unknown volume '${sourceVolume}'.`);
  if (needsExecutionRole(containers) && request.executionRoleArn === undefined)
    throw clientException(
      'Fargate requires task definition to have execution role ARN to support log driver awslogs, secrets and registry credentials.',
    );
  checkTags(request.tags);
  const length = JSON.stringify(request).length;
  if (length > maxLength)
    throw clientException(`Actual length: '${length}'. Max allowed length is '${maxLength}' bytes.`);
}

/** For RegisterTaskDefinition and for the overrides of RunTask. */
export function checkSize(cpu: string | undefined, memory: string | undefined): void {
  if (cpu === undefined || memory === undefined)
    throw clientException("Fargate requires that 'cpu' and 'memory' be defined at the task level.");
  if (!isFargateSize(cpuUnits(cpu) ?? 0, memoryMib(memory) ?? 0))
    throw clientException(
      'No Fargate configuration exists for given values: ' +
        `${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
    );
}

function checkNames(containers: readonly ContainerDefinition[]): void {
  const names = containers.map(({ name }) => name);
  if (new Set(names).size < names.length)
    throw clientException('Container names must be unique within a task definition.');
  if (containers.length > 10) throw clientException('A task definition takes at most 10 containers.');
  if (containers.every(({ essential }) => essential === false))
    throw clientException('At least one container in the task definition must be essential.');
}

function checkDependencies(containers: readonly ContainerDefinition[]): void {
  const byName = new Map(containers.map((container) => [container.name, container]));
  for (const { name, dependsOn = [] } of containers)
    for (const { containerName, condition } of dependsOn) {
      const other = byName.get(containerName);
      if (other === undefined || containerName === name)
        throw clientException(
          `Container '${name}' depends on the container '${containerName}', which is not in the task.`,
        );
      if ((condition === 'COMPLETE' || condition === 'SUCCESS') && other.essential !== false)
        throw clientException(
          `A container with the dependency condition ${condition} cannot be essential: '${containerName}'.`,
        );
      if (condition === 'HEALTHY' && other.healthCheck === undefined)
        throw clientException(`Container '${containerName}' needs a health check for the condition HEALTHY.`);
    }
  const state = new Map<string | undefined, 'open' | 'done'>();
  const visit = (name: string | undefined): void => {
    if (state.get(name) === 'open') throw clientException('Container dependencies must not form a cycle.');
    if (state.get(name) === 'done') return;
    state.set(name, 'open');
    for (const { containerName } of byName.get(name)?.dependsOn ?? []) visit(containerName);
    state.set(name, 'done');
  };
  for (const name of byName.keys()) visit(name);
}

function checkResources(
  request: RegisterTaskDefinitionRequest,
  containers: readonly ContainerDefinition[],
): void {
  const taskMemory = memoryMib(request.memory) ?? 0;
  let cpu = 0;
  let reserved = 0;
  for (const { name, cpu: share = 0, memory, memoryReservation } of containers) {
    if (memory !== undefined && memory > taskMemory)
      throw clientException(`The 'memory' setting for container '${name}' is greater than for the task.`);
    if (memory !== undefined && memoryReservation !== undefined && memory < memoryReservation)
      throw clientException(
        `Invalid setting for container '${name}': memory is less than memoryReservation.`,
      );
    cpu += share;
    reserved += memoryReservation ?? memory ?? 0;
  }
  if (cpu > (cpuUnits(request.cpu) ?? 0))
    throw clientException('The sum of the container CPU settings is greater than the CPU of the task.');
  if (reserved > taskMemory)
    throw clientException('The sum of the container memory settings is greater than the memory of the task.');
}

function needsExecutionRole(containers: readonly ContainerDefinition[]): boolean {
  return containers.some(
    ({ secrets = [], repositoryCredentials, logConfiguration }) =>
      secrets.length > 0 || repositoryCredentials !== undefined || logConfiguration?.logDriver === 'awslogs',
  );
}
