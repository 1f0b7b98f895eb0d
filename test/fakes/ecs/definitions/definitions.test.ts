import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { definition, EcsStage, refusal } from '../testing/stage.ts';

let stage: EcsStage;
beforeAll(async () => {
  stage = await EcsStage.start({ rates: 'unlimited' });
});
afterAll(() => stage[Symbol.asyncDispose]());

function register(
  containers: readonly Partial<ContainerDefinition>[],
  more: Partial<RegisterTaskDefinitionCommandInput> = {},
) {
  return stage.ecs.send(new RegisterTaskDefinitionCommand(definition(containers, more)));
}

const awslogs = (options: Record<string, string>): Partial<ContainerDefinition> => ({
  logConfiguration: { logDriver: 'awslogs', options },
});
const wholeLog = { 'awslogs-group': 'g', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'p' };

const refused: readonly [
  what: string,
  containers: readonly Partial<ContainerDefinition>[],
  more: Partial<RegisterTaskDefinitionCommandInput>,
  why: RegExp,
][] = [
  [
    'a pair of sizes that is not sold',
    [{}],
    { cpu: '256', memory: '4096' },
    /^ClientException: No Fargate configuration exists for given values/,
  ],
  ['a step that is not sold', [{}], { cpu: '8192', memory: '17408' }, /No Fargate configuration/],
  ['no size', [{}], { cpu: undefined }, /'cpu' and 'memory' be defined/],
  ['another network mode', [{}], { networkMode: 'bridge' }, /network mode 'awsvpc'/],
  ['no container', [], {}, /Container list cannot be empty/],
  ['no image', [{ image: '' }], {}, /image should not be null/],
  ['a bad family', [{}], { family: 'a b' }, /Family/],
  ['eleven containers', Array.from({ length: 11 }, () => ({})), {}, /at most 10/],
  ['two of a name', [{}, { name: 'main' }], {}, /unique/],
  ['none essential', [{ essential: false }], {}, /At least one container/],
  ['privileged', [{ privileged: true }], {}, /privileged/],
  ['devices', [{ linuxParameters: { devices: [{ hostPath: '/dev/kvm' }] } }], {}, /devices/],
  ['shared memory', [{ linuxParameters: { sharedMemorySize: 64 } }], {}, /sharedMemorySize/],
  ['tmpfs', [{ linuxParameters: { tmpfs: [{ containerPath: '/t', size: 1 }] } }], {}, /tmpfs/],
  ['swap', [{ linuxParameters: { maxSwap: 1 } }], {}, /swap/],
  ['a capability', [{ linuxParameters: { capabilities: { add: ['NET_ADMIN'] } } }], {}, /NET_ADMIN/],
  [
    'a sysctl of the machine',
    [{ systemControls: [{ namespace: 'kernel.shmmax', value: '1' }] }],
    {},
    /kernel\.shmmax/,
  ],
  ['hardly any memory', [{ memory: 5 }], {}, /at least 6 MiB/],
  ['links', [{ links: ['a'] }], {}, /Links/],
  ['extra hosts', [{ extraHosts: [{ hostname: 'a', ipAddress: '1.1.1.1' }] }], {}, /Extra hosts/],
  ['a hostname', [{ hostname: 'a' }], {}, /Hostname/],
  ['name servers', [{ dnsServers: ['1.1.1.1'] }], {}, /DNS/],
  ['security options', [{ dockerSecurityOptions: ['label:x'] }], {}, /dockerSecurityOptions/],
  ['another host port', [{ portMappings: [{ containerPort: 80, hostPort: 81 }] }], {}, /must match/],
  ['a ulimit', [{ ulimits: [{ name: 'nproc', softLimit: 1, hardLimit: 1 }] }], {}, /nproc/],
  ['a log driver', [{ logConfiguration: { logDriver: 'syslog' } }], {}, /syslog/],
  [
    'awslogs without a prefix',
    [awslogs({ ...wholeLog, 'awslogs-stream-prefix': '' })],
    {},
    /awslogs-stream-prefix/,
  ],
  ['awslogs without a role', [awslogs(wholeLog)], {}, /execution role/],
  ['a long stop', [{ stopTimeout: 121 }], {}, /stopTimeout must be between 0 and 120/],
  [
    'a short health check',
    [{ healthCheck: { command: ['CMD', 'x'], interval: 4 } }],
    {},
    /interval must be between 5/,
  ],
  [
    'a short restart period',
    [{ restartPolicy: { enabled: true, restartAttemptPeriod: 59 } }],
    {},
    /restartAttemptPeriod/,
  ],
  [
    'a dependency on nobody',
    [{ dependsOn: [{ containerName: 'x', condition: 'START' }] }],
    {},
    /depends on the container 'x'/,
  ],
  [
    'an essential init container',
    [{ dependsOn: [{ containerName: 'side-1', condition: 'SUCCESS' }] }, {}],
    {},
    /cannot be essential/,
  ],
  [
    'health without a check',
    [{ dependsOn: [{ containerName: 'side-1', condition: 'HEALTHY' }] }, {}],
    {},
    /needs a health check/,
  ],
  [
    'a cycle',
    [
      { dependsOn: [{ containerName: 'side-1', condition: 'START' }] },
      { dependsOn: [{ containerName: 'main', condition: 'START' }] },
    ],
    {},
    /cycle/,
  ],
  ['more memory than the task has', [{ memory: 1024 }], {}, /greater than for the task/],
  ['more memory in sum', [{ memory: 300 }, { memory: 300 }], {}, /sum of the container memory/],
  ['more CPU in sum', [{ cpu: 200 }, { cpu: 200 }], {}, /sum of the container CPU/],
  ['a path of the host', [{}], { volumes: [{ name: 'v', host: { sourcePath: '/etc' } }] }, /sourcePath/],
  [
    'a mount of no volume',
    [{ mountPoints: [{ sourceVolume: 'v', containerPath: '/v' }] }],
    {},
    /Unknown volume 'v'/,
  ],
  ['little storage', [{}], { ephemeralStorage: { sizeInGiB: 20 } }, /between 21 and 200/],
  ['processes of the host', [{}], { pidMode: 'host' }, /pidMode/],
  ['a big definition', [{ command: ['x'.repeat(65_536)] }], {}, /Max allowed length is '65536'/],
  [
    'a long tag',
    [{}],
    { tags: [{ key: 'k', value: 'v'.repeat(257) }] },
    /InvalidParameterException: The value of a tag/,
  ],
  [
    '51 tags',
    [{}],
    { tags: Array.from({ length: 51 }, (_, n) => ({ key: `k${n}`, value: '' })) },
    /at most 50 tags/,
  ],
];

it.each(refused)('refuses %s', async (_what, containers, more, why) => {
  expect(await refusal(register(containers, more))).toMatch(why);
});

it.each([
  ['256', '512'],
  ['.25 vCPU', '0.5 GB'],
  ['16384', '122880'],
  ['8192', '20480'],
])('takes %s CPU with %s memory', async (cpu, memory) => {
  expect((await register([{}], { cpu, memory })).taskDefinition?.status).toBe('ACTIVE');
});

it('keeps what was registered, by revision', async () => {
  const linuxParameters = {
    initProcessEnabled: true,
    capabilities: { add: ['SYS_PTRACE'], drop: ['NET_RAW'] },
  };
  const tags = [{ key: 'burstlet.dev/hash', value: 'abc' }];
  const first = await register([{ linuxParameters, command: ['sleep', '1'] }], { family: 'kept', tags });
  expect(first.taskDefinition).toMatchObject({
    family: 'kept',
    revision: 1,
    registeredAt: new Date(stage.clock.now()),
  });
  const again = await register([{}], { family: 'kept' });
  expect(again.taskDefinition?.revision).toBe(2);
  const read = (taskDefinition: string) =>
    stage.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }));
  expect(await read('kept:1')).toMatchObject({
    tags,
    taskDefinition: { containerDefinitions: [{ linuxParameters }] },
  });
  expect((await read('kept')).taskDefinition?.revision).toBe(2);
  expect(await refusal(read('kept:3'))).toBe('ClientException: Unable to describe task definition.');
});

it('lists, deregisters and deletes', async () => {
  for (const family of ['old', 'old', 'older']) await register([{}], { family });
  const list = async (input: object) =>
    (await stage.ecs.send(new ListTaskDefinitionsCommand(input))).taskDefinitionArns?.map(
      (arn) => arn.split('/')[1],
    );
  const families = async (status: 'ACTIVE' | 'INACTIVE' | 'ALL') =>
    (await stage.ecs.send(new ListTaskDefinitionFamiliesCommand({ familyPrefix: 'old', status }))).families;
  expect(await list({ familyPrefix: 'old' })).toEqual(['old:1', 'old:2']);
  expect(await list({ familyPrefix: 'old', sort: 'DESC', maxResults: 1 })).toEqual(['old:2']);
  const deregister = (taskDefinition: string) =>
    stage.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  const remove = (name: string) =>
    stage.ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: [name] }));
  expect((await remove('older:1')).failures?.[0]?.reason).toMatch(/ACTIVE/);
  expect((await deregister('older:1')).taskDefinition?.status).toBe('INACTIVE');
  expect(await families('ACTIVE')).toEqual(['old']);
  expect(await families('INACTIVE')).toEqual(['older']);
  expect(await families('ALL')).toEqual(['old', 'older']);
  expect(await refusal(stage.run('older:1'))).toBe('ClientException: TaskDefinition is inactive');
  expect((await remove('older:1')).taskDefinitions?.[0]?.status).toBe('DELETE_IN_PROGRESS');
  expect(await refusal(deregister('old'))).toMatch(/revision/);
  // The number of a revision is never given out again.
  expect((await register([{}], { family: 'older' })).taskDefinition?.revision).toBe(2);
});

it('pages through a listing', async () => {
  for (let count = 0; count < 3; count++) await register([{}], { family: 'paged' });
  const found: string[] = [];
  let nextToken: string | undefined;
  do {
    const input = { familyPrefix: 'paged', maxResults: 2, nextToken };
    const page = await stage.ecs.send(new ListTaskDefinitionsCommand(input));
    found.push(...(page.taskDefinitionArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(found.map((arn) => arn.split(':').at(-1))).toEqual(['1', '2', '3']);
});
