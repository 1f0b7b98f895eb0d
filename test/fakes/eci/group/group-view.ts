import type { MockContainer } from '../../../../providers/mock/container.ts';
import { containerState, waitingReason } from './container-view.ts';
import type { ContainerGroup } from './group.ts';
import type { ContainerRequest, VolumeRequest } from './group-spec.ts';
import { apiTime } from './times.ts';

/** What DescribeContainerGroups shows beside the group itself. */
export interface ViewOptions {
  readonly region: string;
  readonly withEvents: boolean;
}

/** A group as DescribeContainerGroups shows it. */
export function groupView(group: ContainerGroup, { region, withEvents }: ViewOptions): object {
  const { spec, goods, placement } = group;
  const placed = 'zone' in placement && group.billedFrom !== undefined ? placement : undefined;
  const time = (status: 'Succeeded' | 'Failed' | 'Expired'): string | undefined => {
    const at = group.status === status ? group.since(status) : undefined;
    return at === undefined ? undefined : apiTime(at);
  };
  return {
    ContainerGroupId: group.id,
    ContainerGroupName: spec.name,
    RegionId: region,
    ZoneId: placed?.zone,
    Status: group.status,
    RestartPolicy: spec.restartPolicy,
    Cpu: goods.cpu,
    Memory: goods.memory,
    InstanceType: goods.instanceType,
    EphemeralStorage: spec.ephemeralStorage,
    RamRoleName: spec.ramRoleName,
    CreationTime: apiTime(group.createdAt),
    SucceededTime: time('Succeeded'),
    FailedTime: time('Failed'),
    ExpiredTime: time('Expired'),
    IntranetIp: placed && group.ip,
    EniInstanceId: placed && `eni-${group.id.slice(4)}`,
    VpcId: placed && 'vpc-fake',
    VSwitchId: placed?.vSwitch,
    SecurityGroupId: spec.securityGroup,
    SpotStrategy: spec.spot.strategy,
    SpotPriceLimit: spec.spot.priceLimit,
    Tags: [...spec.tags].map(([Key, Value]) => ({ Key, Value })),
    Volumes: group.volumes.map(volumeView),
    Containers: group.containers.map((machine, index) =>
      containerView(group, machine, spec.containers[index]),
    ),
    InitContainers: group.initContainers.map((machine, index) => {
      const { Commands, ...view } = containerView(group, machine, spec.initContainers[index]);
      return { ...view, Command: Commands, Stdin: undefined, StdinOnce: undefined, Tty: undefined };
    }),
    Events: withEvents
      ? group.events.all.map(({ at, message, reason, type }) => ({
          Count: 1,
          FirstTimestamp: apiTime(at),
          LastTimestamp: apiTime(at),
          Message: message,
          Name: `${group.spec.name}.${reason.toLowerCase()}`,
          Reason: reason,
          Type: type,
        }))
      : [],
  };
}

function containerView(
  group: ContainerGroup,
  machine: MockContainer,
  request: ContainerRequest | undefined,
): Record<string, unknown> {
  const { ready, restartCount, state, lastState } = machine.observe(waitingReason(group));
  const env = request === undefined || request.hideEnv ? [] : request.env;
  return {
    Name: machine.name,
    Image: request?.image,
    ImagePullPolicy: request?.pullPolicy,
    Commands: request?.command,
    Args: request?.args,
    WorkingDir: request?.workingDir,
    Cpu: request?.cpu,
    Memory: request?.memory,
    Gpu: request?.gpu,
    Stdin: request?.stdin,
    Tty: request?.tty,
    EnvironmentVars: env.map(({ key, value, fieldPath }) => ({
      Key: key,
      Value: value,
      ...(fieldPath === undefined ? {} : { ValueFrom: { FieldRef: { FieldPath: fieldPath } } }),
    })),
    Ports: request?.ports.map(({ port, protocol }) => ({ Port: port, Protocol: protocol })),
    VolumeMounts: request?.mounts.map(({ name, mountPath, readOnly }) => ({
      Name: name,
      MountPath: mountPath,
      ReadOnly: readOnly,
    })),
    Ready: ready,
    RestartCount: restartCount,
    CurrentState: containerState(state),
    PreviousState: lastState === undefined ? undefined : containerState(lastState),
  };
}

function volumeView({ name, type, files, medium, sizeLimit }: VolumeRequest): object {
  return {
    Name: name,
    Type: type,
    EmptyDirVolumeMedium: medium,
    EmptyDirVolumeSizeLimit: sizeLimit,
    ConfigFileVolumeConfigFileToPaths: files.map(({ path, content }) => ({ Path: path, Content: content })),
  };
}
