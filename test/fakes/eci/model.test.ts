import { expect, it } from 'vitest';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import { actions } from './actions/index.ts';
import { answer } from './answer.ts';
import { FakeEciCloud } from './cloud.ts';
import { SdkModel } from './request/sdk-model.ts';

/** Parameters of one call of each action that answers with as much as it can. */
const calls: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CreateContainerGroup: {
    ContainerGroupName: 'web-1',
    SpotStrategy: 'SpotWithPriceLimit',
    SpotPriceLimit: '0.9',
    RamRoleName: 'role',
    EphemeralStorage: '20',
    'Tag.1.Key': 'k',
    'Tag.1.Value': 'v',
    'Volume.1.Name': 'config',
    'Volume.1.Type': 'ConfigFileVolume',
    'Volume.1.ConfigFileVolume.ConfigFileToPath.1.Path': 'key',
    'Volume.1.ConfigFileVolume.ConfigFileToPath.1.Content': 'dHdv',
    'Volume.2.Name': 'scratch',
    'Volume.2.Type': 'EmptyDirVolume',
    'Volume.2.EmptyDirVolume.Medium': 'Memory',
    'Volume.2.EmptyDirVolume.SizeLimit': '1Gi',
    'InitContainer.1.Name': 'setup',
    'InitContainer.1.Image': 'busybox',
    'InitContainer.1.WorkingDir': '/',
    'Container.1.Name': 'main',
    'Container.1.Image': 'busybox',
    'Container.1.Command.1': 'sh',
    'Container.1.Arg.1': '-c',
    'Container.1.Cpu': '1',
    'Container.1.Memory': '2',
    'Container.1.Port.1.Port': '80',
    'Container.1.VolumeMount.1.Name': 'config',
    'Container.1.VolumeMount.1.MountPath': '/c',
    'Container.1.EnvironmentVar.1.Key': 'POD_IP',
    'Container.1.EnvironmentVar.1.FieldRef.FieldPath': 'status.podIP',
    'Container.1.EnvironmentVar.2.Key': 'BURSTLET_FAKE_SCRIPT',
    'Container.1.EnvironmentVar.2.Value': '{"exits":[{"code":137,"afterMs":1000}]}',
  },
  DescribeAvailableResource: {
    'DestinationResource.Category': 'InstanceTypeFamily',
    'DestinationResource.Cores': '2',
  },
  DescribeContainerGroupEvents: {},
  DescribeContainerGroupMetric: { ContainerGroupId: 'ID' },
  DescribeContainerGroupPrice: { Cpu: '2', Memory: '4', SpotStrategy: 'SpotAsPriceGo' },
  DescribeContainerGroups: { WithEvent: 'true' },
  DescribeContainerGroupStatus: {},
  DescribeContainerLog: { ContainerGroupId: 'ID', ContainerName: 'main' },
  DescribeMultiContainerGroupMetric: { ContainerGroupIds: '["ID"]' },
  DescribeRegions: {},
  ExecContainerCommand: {
    ContainerGroupId: 'ID',
    ContainerName: 'main',
    Command: '["ls"]',
    Sync: 'true',
    TTY: 'false',
  },
  ListUsage: {},
  UpdateContainerGroup: { ContainerGroupId: 'ID' },
  RestartContainerGroup: { ContainerGroupId: 'ID' },
  DeleteContainerGroup: { ContainerGroupId: 'ID' },
};

it('answers every action with what the SDK reads, and with nothing else', async () => {
  const clock = new FakeClock();
  const cloud = new FakeEciCloud({ clock });
  const model = await SdkModel.load();
  const ask = (action: string, id = ''): object => {
    const query = Object.entries({ RegionId: 'cn-hangzhou', ...calls[action] }).map(
      ([name, value]) => [name, value.replace('ID', id)] as const,
    );
    const body = answer(cloud, action, new Map(query), { model, strict: true });
    expect(model.answerDepartures(action, JSON.parse(JSON.stringify(body))), action).toEqual([]);
    return body;
  };
  expect(Object.keys(calls).toSorted()).toEqual([...actions.keys()].toSorted());
  ask('CreateContainerGroup');
  const id = cloud.instances()[0]?.id ?? '';
  const reads = Object.keys(calls).filter((action) => /^(Describe|List)/.test(action));
  for (const action of reads) if (action !== 'DescribeContainerLog') ask(action, id);
  // Past the first end: the containers have a state before the present one.
  await clock.advance(11_000);
  for (const action of [...reads, 'ExecContainerCommand', 'UpdateContainerGroup']) ask(action, id);
  await clock.advance(3_000);
  ask('RestartContainerGroup', id);
  ask('DeleteContainerGroup', id);
});

it('sees what the SDK would drop without a word', async () => {
  const model = await SdkModel.load();
  const status = (Conditions: readonly object[]): object => ({ Data: [{ PodStatus: { Conditions } }] });
  const departures = (body: object): string[] => model.answerDepartures('DescribeContainerGroupStatus', body);
  expect(departures(status([{ type: 'Ready', Reason: 'x' }]))).toEqual([]);
  expect(departures(status([{ Type: 'Ready' }]))).toEqual([
    '.Data[0].PodStatus.Conditions[0].Type is unknown',
  ]);
  expect(departures({ Data: {}, TotalCount: '1' })).toEqual(['.Data is no list', '.TotalCount is no number']);
});
