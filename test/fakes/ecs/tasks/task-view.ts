import { createHash } from 'node:crypto';
import type { Attachment, Container, HealthStatus, Task } from '@aws-sdk/client-ecs';
import type { ContainerLife } from '../life/container-life.ts';
import type { TaskRecord } from './task-record.ts';

/** A task as DescribeTasks with include TAGS shows it. */
export function viewTask(task: TaskRecord): Task {
  const { life, request, definition } = task;
  const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
  return {
    attachments: [attachmentOf(task)],
    attributes: [
      { name: 'ecs.cpu-architecture', value: definition.runtimePlatform?.cpuArchitecture ?? 'x86_64' },
    ],
    availabilityZone: task.zone,
    capacityProviderName: task.capacityProvider,
    clusterArn: task.cluster.arn,
    connectivity: life.pullStartedAt === undefined ? undefined : 'CONNECTED',
    connectivityAt: date(life.pullStartedAt),
    containers: [...life.containers.values()].map((container) => viewContainer(container, task)),
    cpu: String(task.cpu),
    createdAt: date(life.createdAt),
    desiredStatus: life.desiredStatus,
    enableExecuteCommand: request.enableExecuteCommand ?? false,
    executionStoppedAt: date(life.executionStoppedAt),
    group: request.group ?? `family:${definition.family}`,
    healthStatus: healthOf(task),
    inferenceAccelerators: [],
    lastStatus: life.status,
    launchType: task.capacityProvider === undefined ? 'FARGATE' : undefined,
    memory: String(task.memory),
    overrides: { containerOverrides: [], inferenceAcceleratorOverrides: [], ...request.overrides },
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    pullStartedAt: date(life.pullStartedAt),
    pullStoppedAt: date(life.pullStoppedAt),
    startedAt: date(life.startedAt),
    startedBy: request.startedBy,
    stopCode: life.stop?.code,
    stoppedAt: date(life.stoppedAt),
    stoppedReason: life.stop?.reason,
    stoppingAt: date(life.stoppingAt),
    tags: [...task.tags],
    taskArn: task.arn,
    taskDefinitionArn: definition.taskDefinitionArn,
    version: life.version,
    ephemeralStorage: { sizeInGiB: definition.ephemeralStorage?.sizeInGiB ?? 20 },
    fargateEphemeralStorage: { sizeInGiB: definition.ephemeralStorage?.sizeInGiB ?? 20 },
  };
}

/** The same digits for the same text, in the form of a UUID. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

function attachmentOf({ arn, id, subnet, ip, life }: TaskRecord): Attachment {
  const attached = life.pullStartedAt !== undefined;
  const mac = `02${id.slice(0, 10)}`.replace(/(..)(?=.)/g, '$1:');
  const details = [
    { name: 'subnetId', value: subnet },
    ...(attached
      ? [
          { name: 'networkInterfaceId', value: `eni-${id.slice(0, 17)}` },
          { name: 'macAddress', value: mac },
          { name: 'privateDnsName', value: `ip-${ip.replaceAll('.', '-')}.ec2.internal` },
          { name: 'privateIPv4Address', value: ip },
        ]
      : []),
  ];
  const released = life.status === 'STOPPED' || life.status === 'DEPROVISIONING';
  const status = released ? 'DELETED' : attached ? 'ATTACHED' : 'PRECREATED';
  return { id: uuidOf(`${arn} eni`), type: 'ElasticNetworkInterface', status, details };
}

function viewContainer(container: ContainerLife, task: TaskRecord): Container {
  const { plan, begun } = container;
  const { arn, cluster, id, ip, life, request } = task;
  const definition = task.definition.containerDefinitions?.find(({ name }) => name === plan.name);
  const attached = life.pullStartedAt !== undefined;
  const startedAt = container.runs.at(-1)?.startedAt;
  return {
    containerArn: `${cluster.arn.replace(':cluster/', ':container/')}/${id}/${uuidOf(`${arn} ${plan.name}`)}`,
    taskArn: arn,
    name: plan.name,
    image: plan.image,
    imageDigest: begun ? `sha256:${createHash('sha256').update(plan.image).digest('hex')}` : undefined,
    runtimeId: begun ? `${id}-${Number.parseInt(uuidOf(`${arn} ${plan.name}`).slice(0, 8), 16)}` : undefined,
    lastStatus: container.status,
    exitCode: container.exitCode,
    reason: container.reason,
    networkBindings: [],
    networkInterfaces: attached ? [{ attachmentId: uuidOf(`${arn} eni`), privateIpv4Address: ip }] : [],
    healthStatus: container.health,
    cpu: String(definition?.cpu ?? 0),
    memory: definition?.memory === undefined ? undefined : String(definition.memory),
    memoryReservation:
      definition?.memoryReservation === undefined ? undefined : String(definition.memoryReservation),
    managedAgents: request.enableExecuteCommand
      ? [
          {
            name: 'ExecuteCommandAgent',
            lastStatus: container.status,
            lastStartedAt: startedAt === undefined ? undefined : new Date(startedAt),
          },
        ]
      : undefined,
  };
}

/** Of the essential containers that have a health check. */
function healthOf({ life }: TaskRecord): HealthStatus {
  const checked = [...life.containers.values()].filter(({ plan }) => plan.essential && plan.healthCheck);
  if (checked.some(({ health }) => health === 'UNHEALTHY')) return 'UNHEALTHY';
  return checked.length > 0 && checked.every(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN';
}
