import type { ContainerDefinition, ContainerDependency, LogConfiguration } from '@aws-sdk/client-ecs';
import {
  type ContainerSpec,
  credentialsFor,
  type InstanceSpec,
  parseImage,
  type RegistryCredential,
} from '../../contract/index.ts';
import type { FargateOptions } from '../options.ts';
import type { Draft } from './draft.ts';
import { healthCheckOf, probeUses } from './health-check.ts';
import { kernelCapabilities } from './kernel-capabilities.ts';
import type { ContainerKind } from './shape.ts';

/** ECS takes no less (API_ContainerDefinition, memory). */
const leastMemoryMib = 6;
/** The bounds of stopTimeout on Fargate, in seconds. */
const [leastStopTimeout, mostStopTimeout] = [2, 120];
/** What Fargate allows at most; its default of 1,024 is far below that of a node. */
const openFiles = 65_535;
/** The shortest run after which ECS starts a container again, in seconds. */
const leastRunSeconds = 60;

export interface Placing {
  readonly kind: Exclude<ContainerKind, 'helper'>;
  readonly essential: boolean;
  readonly dependsOn: readonly ContainerDependency[];
}

/** One container of the Pod as ECS has it. */
export function containerDraft(
  container: ContainerSpec,
  spec: InstanceSpec,
  placing: Placing,
  options: FargateOptions,
): Draft {
  const { kind, essential, dependsOn } = placing;
  const { securityContext, stdin, tty, workingDir } = container;
  const { entryPoint, command } = invocation(container);
  const healthCheck = healthCheckOf(container);
  const restartPolicy = restartPolicyOf(kind, spec.restartPolicy);
  const logConfiguration = logConfigurationOf(options);
  const user = userOf(securityContext);
  const definition: ContainerDefinition = {
    name: container.name,
    image: container.image,
    essential,
    ...(dependsOn.length > 0 && { dependsOn: [...dependsOn] }),
    ...(entryPoint && { entryPoint }),
    ...(workingDir !== undefined && { workingDirectory: workingDir }),
    ...(user !== undefined && { user }),
    ...(securityContext.readOnlyRootFilesystem && { readonlyRootFilesystem: true }),
    ...resourcesOf(container, kind, spec),
    ...(container.mounts.length > 0 && {
      mountPoints: container.mounts.map(({ volume, mountPath, readOnly }) => ({
        sourceVolume: volume,
        containerPath: mountPath,
        readOnly,
      })),
    }),
    ...(container.ports.length > 0 && {
      portMappings: container.ports
        .filter(({ protocol }) => protocol !== 'SCTP')
        .map(({ containerPort, protocol }) => ({
          containerPort,
          protocol: protocol === 'UDP' ? ('udp' as const) : ('tcp' as const),
        })),
    }),
    ...(healthCheck && { healthCheck }),
    ...(restartPolicy && { restartPolicy }),
    ...linuxParametersOf(container, options),
    ...(stdin && { interactive: true }),
    ...(tty && { pseudoTerminal: true }),
    ...(logConfiguration && { logConfiguration }),
    stopTimeout: Math.min(mostStopTimeout, Math.max(leastStopTimeout, spec.terminationGracePeriodSeconds)),
    ulimits: [{ name: 'nofile', softLimit: openFiles, hardLimit: openFiles }],
  };
  return {
    kind,
    health: probeUses(container),
    definition,
    command,
    commandIsSecret: container.secretArguments === true,
    environment: environmentOf(container, spec),
    ofRun: [],
    credential: credentialOf(container, spec),
  };
}

/**
 * The first word is the entry point and the rest are its arguments, for these can be overridden at each run and the entry
 * point cannot. An image's CMD is dropped when its ENTRYPOINT is replaced, so this runs exactly what the Pod says.
 */
function invocation({ command, args }: ContainerSpec): {
  entryPoint: string[] | undefined;
  command: readonly string[] | undefined;
} {
  const [first, ...rest] = [...(command ?? []), ...(args ?? [])];
  if (first === undefined) return { entryPoint: undefined, command: undefined };
  if (command === undefined || command.length === 0) return { entryPoint: undefined, command: args };
  return { entryPoint: [first], command: rest.length > 0 ? rest : undefined };
}

/** ECS never starts a container again that ran for less than a minute. */
function restartPolicyOf(
  kind: Placing['kind'],
  policy: InstanceSpec['restartPolicy'],
): ContainerDefinition['restartPolicy'] {
  const wanted = kind === 'sidecar' ? 'Always' : kind === 'init' ? 'Never' : policy;
  if (wanted === 'Never') return undefined;
  return {
    enabled: true,
    ...(wanted === 'OnFailure' && { ignoredExitCodes: [0] }),
    restartAttemptPeriod: leastRunSeconds,
  };
}

/**
 * ECS adds up what containers reserve and wants it to fit the task, init containers too, which Kubernetes does not count
 * beside the others: they get the whole task.
 */
function resourcesOf(
  { requests, limits }: ContainerSpec,
  kind: Placing['kind'],
  { purchase }: InstanceSpec,
): Pick<ContainerDefinition, 'cpu' | 'memory' | 'memoryReservation'> {
  if (kind === 'init') return {};
  const most = mib(purchase?.size.memoryBytes ?? Number.POSITIVE_INFINITY);
  const limit = limits.memoryBytes === undefined ? undefined : Math.min(most, mib(limits.memoryBytes));
  const request = requests.memoryBytes === undefined ? undefined : mib(requests.memoryBytes);
  const reserves = request !== undefined && (limit === undefined || request < limit);
  return {
    ...(requests.cpuMillis !== undefined && { cpu: Math.floor((requests.cpuMillis * 1024) / 1000) }),
    ...(limit !== undefined && { memory: limit }),
    ...(reserves && { memoryReservation: request }),
    // With a limit alone all of it counts as reserved, and limits may add up to more than the task has.
    ...(!reserves && limit !== undefined && request === undefined && { memoryReservation: leastMemoryMib }),
  };
}

function mib(bytes: number): number {
  return Math.max(leastMemoryMib, Math.floor(bytes / 1024 ** 2));
}

function userOf({ runAsUser, runAsGroup }: ContainerSpec['securityContext']): string | undefined {
  if (runAsUser === undefined) return undefined;
  return runAsGroup === undefined ? String(runAsUser) : `${runAsUser}:${runAsGroup}`;
}

function linuxParametersOf(
  { securityContext }: ContainerSpec,
  { enableExecuteCommand }: FargateOptions,
): Pick<ContainerDefinition, 'linuxParameters'> {
  const { add, drop } = kernelCapabilities(securityContext);
  // The agent of ECS Exec leaves processes behind that somebody has to reap.
  if (add.length + drop.length === 0 && !enableExecuteCommand) return {};
  return {
    linuxParameters: {
      ...(add.length + drop.length > 0 && { capabilities: { add, drop } }),
      ...(enableExecuteCommand && { initProcessEnabled: true }),
    },
  };
}

function logConfigurationOf({ logGroup, logPrefix, region }: FargateOptions): LogConfiguration | undefined {
  if (logGroup === undefined) return undefined;
  return {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': logGroup,
      'awslogs-region': region,
      'awslogs-stream-prefix': logPrefix,
    },
  };
}

/** A kubelet tries all that fit, the most precise first; ECS takes one. */
function credentialOf(
  { image }: ContainerSpec,
  { registryCredentials }: InstanceSpec,
): RegistryCredential | undefined {
  if (registryCredentials.length === 0) return undefined;
  return credentialsFor(parseImage(image), registryCredentials)[0];
}

/** A task cannot have a host name of its own; programs that ask for it mostly ask for this variable. */
function environmentOf({ env }: ContainerSpec, { hostname }: InstanceSpec): Draft['environment'] {
  if (env.some(({ name }) => name === 'HOSTNAME')) return env;
  return [...env, { name: 'HOSTNAME', value: hostname, secret: false }];
}
