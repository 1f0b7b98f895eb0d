import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { clientException, type ServiceError } from '../door/service-error.ts';

const leastMemoryMib = 6;
const fargateLogDrivers: readonly string[] = ['awslogs', 'splunk', 'awsfirelens'];

/**
 * What RegisterTaskDefinition says to one container of a Fargate task: docs.aws.amazon.com/AmazonECS/latest/developerguide/
 * fargate-tasks-services.html and the ContainerDefinition of the API. Returns the first objection.
 */
export function containerObjection(container: ContainerDefinition): ServiceError | undefined {
  const { name, linuxParameters: linux = {}, portMappings = [], logConfiguration } = container;
  const refuse = (message: string): ServiceError => clientException(message);
  if (name === undefined || !/^[\w-]{1,255}$/.test(name))
    return refuse(
      'Container.name should not be null or empty and may hold letters, digits, hyphens and underscores.',
    );
  if (!container.image) return refuse('Container.image should not be null or empty.');
  const forbidden = (what: string): ServiceError =>
    refuse(`Fargate compatible task definitions do not support ${what}`);
  if (container.privileged) return forbidden('privileged');
  if (linux.devices?.length) return forbidden('devices');
  if (linux.sharedMemorySize !== undefined) return forbidden('sharedMemorySize');
  if (linux.tmpfs?.length) return forbidden('tmpfs');
  if (linux.maxSwap !== undefined || linux.swappiness !== undefined) return forbidden('swap');
  const added = linux.capabilities?.add?.filter((capability) => capability !== 'SYS_PTRACE') ?? [];
  if (added.length > 0) return forbidden(`adding the capability ${added.join(', ')}; only SYS_PTRACE`);
  const foreign = container.systemControls?.find(({ namespace = '' }) => !namespace.startsWith('net.'));
  if (foreign !== undefined)
    return forbidden(`the system control ${foreign.namespace}; only those of the network`);
  for (const memory of [container.memory, container.memoryReservation])
    if (memory !== undefined && memory < leastMemoryMib)
      return refuse(
        `Invalid setting for container '${name}': memory must be at least ${leastMemoryMib} MiB.`,
      );
  if (container.links?.length) return refuse('Links are not supported when networkMode=awsvpc.');
  if (container.extraHosts?.length) return refuse('Extra hosts are not supported when networkMode=awsvpc.');
  if (container.hostname !== undefined)
    return refuse('Hostname is not supported on container when networkMode=awsvpc.');
  if (container.dnsServers?.length || container.dnsSearchDomains?.length)
    return refuse('DNS settings are not supported on container when networkMode=awsvpc.');
  if (container.dockerSecurityOptions?.length) return forbidden('dockerSecurityOptions');
  if (container.disableNetworking)
    return refuse('Disable networking is not supported when networkMode=awsvpc.');
  for (const { containerPort, hostPort } of portMappings)
    if (hostPort !== undefined && hostPort !== 0 && hostPort !== containerPort)
      return refuse(
        'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
      );
  for (const { name: limit } of container.ulimits ?? [])
    if (limit !== 'nofile') return forbidden(`the ulimit ${limit}`);
  if (logConfiguration !== undefined && !fargateLogDrivers.includes(logConfiguration.logDriver ?? ''))
    return forbidden(`log driver '${logConfiguration.logDriver}'`);
  return secretObjection(container) ?? logObjection(container) ?? timingObjection(container);
}

function secretObjection({ secrets = [], environment = [] }: ContainerDefinition): ServiceError | undefined {
  const names = new Set(environment.map(({ name }) => name));
  for (const { name, valueFrom } of secrets) {
    if (!name || !valueFrom) return clientException('Secret name and valueFrom should not be null or empty.');
    if (names.has(name))
      return clientException(
        `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${name}'.`,
      );
    names.add(name);
  }
  return undefined;
}

function logObjection({ logConfiguration }: ContainerDefinition): ServiceError | undefined {
  if (logConfiguration?.logDriver !== 'awslogs') return undefined;
  const { options = {} } = logConfiguration;
  const missing = ['awslogs-group', 'awslogs-region', 'awslogs-stream-prefix'].find((key) => !options[key]);
  if (missing === undefined) return undefined;
  return clientException(`Log driver awslogs requires options: ${missing}`);
}

function timingObjection(container: ContainerDefinition): ServiceError | undefined {
  const { startTimeout, stopTimeout, healthCheck, restartPolicy } = container;
  const outside = (value: number | undefined, from: number, to: number): boolean =>
    value !== undefined && !(Number.isInteger(value) && value >= from && value <= to);
  const refuse = (what: string, from: number, to: number): ServiceError =>
    clientException(`${what} must be between ${from} and ${to} for container '${container.name}'`);
  if (outside(startTimeout, 2, 120)) return refuse('startTimeout', 2, 120);
  if (outside(stopTimeout, 0, 120)) return refuse('stopTimeout', 0, 120);
  if (healthCheck !== undefined) {
    if (healthCheck.command === undefined || healthCheck.command.length === 0)
      return clientException('HealthCheck.command should not be null or empty.');
    if (outside(healthCheck.interval, 5, 300)) return refuse('HealthCheck.interval', 5, 300);
    if (outside(healthCheck.timeout, 2, 60)) return refuse('HealthCheck.timeout', 2, 60);
    if (outside(healthCheck.retries, 1, 10)) return refuse('HealthCheck.retries', 1, 10);
    if (outside(healthCheck.startPeriod, 0, 300)) return refuse('HealthCheck.startPeriod', 0, 300);
  }
  if (restartPolicy === undefined) return undefined;
  if ((restartPolicy.ignoredExitCodes?.length ?? 0) > 50)
    return clientException('A restart policy takes at most 50 ignoredExitCodes.');
  return outside(restartPolicy.restartAttemptPeriod, 60, 1800)
    ? refuse('restartAttemptPeriod', 60, 1800)
    : undefined;
}
