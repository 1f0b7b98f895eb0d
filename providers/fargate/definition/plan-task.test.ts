import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ContainerSpec, InstanceSpec, Probe } from '../../contract/index.ts';
import { podIpMarker } from '../../contract/index.ts';
import { contentHash } from '../definitions.ts';
import { ownerOf } from '../task/owner.ts';
import { aContainer, aSpec, owner, testOptions } from '../testing/fixtures.ts';
import { draftTask, planTask, type TaskPlan } from './plan-task.ts';

const mib = 1024 ** 2;

function plan(spec: InstanceSpec, options: Readonly<Record<string, unknown>> = {}) {
  return planTask(draftTask(spec, testOptions(options)));
}

/** The one container of a Pod with one. */
function defined(more: Partial<ContainerSpec>, options?: Readonly<Record<string, unknown>>) {
  return plan(aSpec([aContainer(more)]), options).definition.containerDefinitions?.[0];
}

function named(spec: InstanceSpec, options?: Readonly<Record<string, unknown>>) {
  const all = plan(spec, options).definition.containerDefinitions ?? [];
  return Object.fromEntries(all.map((container) => [container.name, container]));
}

function probe(command: readonly string[], more: Partial<Probe> = {}): Probe {
  const times = {
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
  return { action: { kind: 'exec', command }, ...times, ...more };
}

test('a task has the size that was bought', () => {
  const { definition } = plan(aSpec());
  expect(definition).toMatchObject({
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
  });
});

describe('what is run', () => {
  test.each<[string, Partial<ContainerSpec>, string[] | undefined, string[] | undefined]>([
    ['nothing said: the image decides', {}, undefined, undefined],
    ['arguments alone', { args: ['a', 'b'] }, undefined, ['a', 'b']],
    ['a command of one word', { command: ['/run'] }, ['/run'], undefined],
    ['a command and arguments', { command: ['/bin/sh', '-c'], args: ['true'] }, ['/bin/sh'], ['-c', 'true']],
  ])('%s', (_name, more, entryPoint, command) => {
    const { definition, overrides } = plan(aSpec([aContainer(more)]));
    expect(definition.containerDefinitions?.[0]?.entryPoint).toEqual(entryPoint);
    expect(overrides.containerOverrides?.[0]?.command).toEqual(command);
  });
});

describe('a container', () => {
  test.each<[string, Partial<ContainerSpec>, object]>([
    ['user', { securityContext: { runAsUser: 1000 } }, { user: '1000' }],
    ['user and group', { securityContext: { runAsUser: 1000, runAsGroup: 2000 } }, { user: '1000:2000' }],
    [
      'a file system that cannot be written',
      { securityContext: { readOnlyRootFilesystem: true } },
      { readonlyRootFilesystem: true },
    ],
    [
      'capabilities',
      { securityContext: { capabilities: { add: ['SYS_PTRACE'], drop: ['ALL'] } } },
      { linuxParameters: { capabilities: { add: ['SYS_PTRACE'], drop: ['ALL'] } } },
    ],
    [
      'a request',
      { requests: { cpuMillis: 125, memoryBytes: 64 * mib } },
      { cpu: 128, memoryReservation: 64 },
    ],
    [
      'a limit as large as the request',
      { requests: { memoryBytes: 64 * mib }, limits: { memoryBytes: 64 * mib } },
      { memory: 64 },
    ],
    [
      'a limit above the request',
      { requests: { memoryBytes: 64 * mib }, limits: { memoryBytes: 128 * mib } },
      { memory: 128, memoryReservation: 64 },
    ],
    [
      'a limit above the task',
      { limits: { memoryBytes: 4096 * mib } },
      { memory: 512, memoryReservation: 6 },
    ],
    ['a terminal', { stdin: true, tty: true }, { interactive: true, pseudoTerminal: true }],
    ['a folder', { workingDir: '/srv' }, { workingDirectory: '/srv' }],
    [
      'ports',
      { ports: [{ containerPort: 53, protocol: 'UDP' }] },
      { portMappings: [{ containerPort: 53, protocol: 'udp' }] },
    ],
    [
      'a liveness probe, brought into the bounds of ECS',
      { livenessProbe: probe(['ok'], { periodSeconds: 1, failureThreshold: 20, initialDelaySeconds: 900 }) },
      { healthCheck: { command: ['CMD', 'ok'], interval: 5, timeout: 2, retries: 10, startPeriod: 300 } },
    ],
  ])('%s', (_name, more, expected) => {
    expect(defined(more)).toMatchObject(expected);
  });

  test('has as many open files as Fargate gives', () => {
    expect(defined({})?.ulimits).toEqual([{ name: 'nofile', softLimit: 65_535, hardLimit: 65_535 }]);
  });

  test.each([
    [1, 2],
    [30, 30],
    [3600, 120],
  ])('grace of %i s is a stop timeout of %i s', (seconds, stopTimeout) => {
    const spec = aSpec([aContainer()], { terminationGracePeriodSeconds: seconds });
    expect(named(spec).main).toMatchObject({ stopTimeout });
  });

  test('writes its log where the options say', () => {
    const options = { logGroup: 'pods', executionRoleArn: 'arn:aws:iam::123456789012:role/x' };
    expect(defined({}, options)?.logConfiguration).toEqual({
      logDriver: 'awslogs',
      options: {
        'awslogs-group': 'pods',
        'awslogs-region': 'us-east-1',
        'awslogs-stream-prefix': 'burstlet',
      },
    });
    expect(defined({})?.logConfiguration).toBeUndefined();
  });
});

describe('who waits for whom, and whose end is the end', () => {
  test('init containers in a row, sidecars from their place on', () => {
    const sidecar = { restartPolicy: 'Always' as const };
    const all = named(
      aSpec([aContainer()], {
        initContainers: [
          aContainer({ name: 'one' }),
          aContainer({ name: 'side', ...sidecar }),
          aContainer({ name: 'two' }),
        ],
      }),
    );
    expect(all.one).toMatchObject({ essential: false });
    expect(all.one?.dependsOn).toBeUndefined();
    expect(all.side).toMatchObject({
      essential: false,
      restartPolicy: { enabled: true },
      dependsOn: [{ containerName: 'one', condition: 'SUCCESS' }],
    });
    expect(all.two?.dependsOn).toEqual([
      { containerName: 'one', condition: 'SUCCESS' },
      { containerName: 'side', condition: 'START' },
    ]);
    expect(all.main?.dependsOn).toEqual([
      { containerName: 'side', condition: 'START' },
      { containerName: 'two', condition: 'SUCCESS' },
    ]);
    expect(all.main?.essential).toBe(true);
  });

  test('of several containers none ends the others: a helper waits for them all', () => {
    const all = named(
      aSpec([aContainer({ name: 'a' }), aContainer({ name: 'b' })], { restartPolicy: 'OnFailure' }),
    );
    expect([all.a?.essential, all.b?.essential]).toEqual([false, false]);
    expect(all['burstlet-end']).toMatchObject({
      essential: true,
      dependsOn: [
        { containerName: 'a', condition: 'COMPLETE' },
        { containerName: 'b', condition: 'COMPLETE' },
      ],
    });
  });

  test('with restartPolicy Always none may end, so each is essential', () => {
    const all = named(
      aSpec([aContainer({ name: 'a' }), aContainer({ name: 'b' })], { restartPolicy: 'Always' }),
    );
    expect(Object.keys(all)).toEqual(['a', 'b']);
    expect([all.a?.essential, all.b?.essential]).toEqual([true, true]);
  });

  test.each([
    ['Never', undefined],
    ['OnFailure', { enabled: true, ignoredExitCodes: [0], restartAttemptPeriod: 60 }],
    ['Always', { enabled: true, restartAttemptPeriod: 60 }],
  ] as const)('restartPolicy %s', (restartPolicy, expected) => {
    expect(named(aSpec([aContainer()], { restartPolicy })).main?.restartPolicy).toEqual(expected);
  });
});

describe('volumes', () => {
  const files = {
    name: 'config',
    kind: 'files' as const,
    refreshable: true,
    files: [
      { path: 'etc/app.conf', content: Buffer.from('x=1\n'), mode: 0o640, secret: false },
      { path: 'key', content: Buffer.from('k'), mode: 0o400, secret: true },
    ],
  };
  const mounted = aContainer({ mounts: [{ volume: 'config', mountPath: '/etc/app', readOnly: true }] });

  test('scratch space is a bind volume', () => {
    const container = aContainer({ mounts: [{ volume: 'tmp', mountPath: '/tmp', readOnly: false }] });
    const { definition } = plan(
      aSpec([container], { volumes: [{ name: 'tmp', kind: 'emptyDir', medium: '' }] }),
    );
    expect(definition.volumes).toEqual([{ name: 'tmp', host: {} }]);
    expect(definition.containerDefinitions?.[0]?.mountPoints).toEqual([
      { sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false },
    ]);
  });

  test('files are unpacked by a helper from a variable of the run, before anything else starts', () => {
    const { definition, overrides } = plan(aSpec([mounted], { volumes: [files] }));
    const [main, helper] = definition.containerDefinitions ?? [];
    expect(main?.dependsOn).toEqual([{ containerName: 'burstlet-files', condition: 'SUCCESS' }]);
    expect(helper).toMatchObject({
      name: 'burstlet-files',
      image: 'busybox:1.36',
      essential: false,
      user: '0',
    });
    const given = overrides.containerOverrides?.find(({ name }) => name === 'burstlet-files');
    const archive = gunzipSync(Buffer.from(given?.environment?.[0]?.value ?? '', 'base64'));
    expect(archive.includes('x=1\n')).toBe(true);
    expect(JSON.stringify(definition)).not.toContain(given?.environment?.[0]?.value);
  });

  test('a volume that nothing mounts needs no helper', () => {
    const { definition } = plan(aSpec([aContainer()], { volumes: [files] }), { helperImage: undefined });
    expect(definition.containerDefinitions).toHaveLength(1);
  });
});

describe('what differs between Pods', () => {
  const pod = (env: ContainerSpec['env']) => plan(aSpec([aContainer({ env })]));

  test('variables are of the run, so Pods of one workload share a definition', () => {
    const [a, b] = ['a', 'b'].map((value) => pod([{ name: 'POD', value, secret: false }]));
    expect(a?.overrides).not.toEqual(b?.overrides);
    expect(a && contentHash(a.definition)).toBe(b && contentHash(b.definition));
    expect(a && contentHash(a.definition)).toMatch(/^[0-9a-f]{32}$/);
  });

  test('what has no room there goes into the definition, Secrets excepted', () => {
    const { definition, overrides } = pod([
      { name: 'BIG', value: 'x'.repeat(9000), secret: false },
      { name: 'PASSWORD', value: 'hunter2', secret: true },
    ]);
    expect(JSON.stringify(overrides).length).toBeLessThanOrEqual(8192);
    expect(JSON.stringify(overrides)).toContain('hunter2');
    expect(JSON.stringify(definition)).toContain('xxxx');
    expect(JSON.stringify(definition)).not.toContain('hunter2');
  });

  test('nor do arguments into which a Secret was written', () => {
    const env = [{ name: 'BIG', value: 'x'.repeat(9000), secret: false }];
    const args = ['--password=hunter2'];
    const { definition, overrides } = plan(aSpec([aContainer({ env, args, secretArguments: true })]));
    expect(overrides.containerOverrides?.[0]?.command).toEqual(args);
    expect(JSON.stringify(definition)).not.toContain('hunter2');
  });

  test('nor does a first word, which is of the definition', () => {
    const env = [{ name: 'PASSWORD', value: 'hunter2', secret: true }];
    const loud = aContainer({ command: ['/bin/login-hunter2'], env, secretArguments: true });
    expect(() => plan(aSpec([loud]))).toThrow(
      expect.objectContaining({ field: 'spec.containers[0].command' }),
    );
  });

  test('Secrets that have no room are refused', () => {
    expect(() => pod([{ name: 'KEY', value: 'x'.repeat(9000), secret: true }])).toThrow(
      /values of Secrets .* 8192/,
    );
  });

  test('HOSTNAME is the name of the Pod, unless the Pod says otherwise', () => {
    const hostnames = (made: TaskPlan) =>
      made.overrides.containerOverrides?.[0]?.environment?.filter(({ name }) => name === 'HOSTNAME');
    expect(hostnames(pod([]))).toEqual([{ name: 'HOSTNAME', value: 'web-0' }]);
    const own = [{ name: 'HOSTNAME', value: 'x', secret: false }];
    expect(hostnames(pod(own))).toEqual([{ name: 'HOSTNAME', value: 'x' }]);
  });

  test('whose the task is stands on the first container, and in no definition', () => {
    const made = plan(aSpec([aContainer({ name: 'a' }), aContainer({ name: 'b' })]));
    expect(ownerOf({ overrides: made.overrides })).toEqual(owner);
    expect(JSON.stringify(made.definition)).not.toContain(owner.podUid);
  });
});

describe('refused', () => {
  const two = [aContainer({ name: 'a' }), aContainer({ name: 'b' })];
  test.each<[string, InstanceSpec, RegExp, string]>([
    [
      'the address of the Pod',
      aSpec([aContainer({ env: [{ name: 'IP', value: podIpMarker, secret: false }] })]),
      /status\.podIP cannot be passed on/,
      'spec.containers[0].env',
    ],
    [
      'images that are not pulled',
      aSpec([aContainer({ imagePullPolicy: 'Never' })]),
      /use IfNotPresent/,
      'spec.containers[0].imagePullPolicy',
    ],
    [
      'a user that is not known',
      aSpec([aContainer({ securityContext: { runAsNonRoot: true } })]),
      /set runAsUser/,
      'spec.containers[0].securityContext.runAsNonRoot',
    ],
    [
      'capabilities',
      aSpec([aContainer({ securityContext: { capabilities: { add: ['NET_ADMIN'], drop: [] } } })]),
      /only SYS_PTRACE, not NET_ADMIN/,
      'spec.containers[0].securityContext.capabilities.add',
    ],
    [
      'two health checks',
      aSpec([aContainer({ livenessProbe: probe(['a']), readinessProbe: probe(['b']) })]),
      /one health check/,
      'spec.containers[0].readinessProbe',
    ],
    [
      'too much storage',
      aSpec([aContainer({ requests: { ephemeralStorageBytes: 201 * 1024 ** 3 } })]),
      /at most 200 GiB/,
      'spec.containers',
    ],
    [
      'more than ten containers',
      aSpec(Array.from({ length: 11 }, (_none, index) => aContainer({ name: `c${index}` }))),
      /at most 10 containers/,
      'spec.containers',
    ],
  ])('%s', (_name, spec, message, field) => {
    expect(() => plan(spec)).toThrow(
      expect.objectContaining({ kind: 'InvalidSpec', field, message: expect.stringMatching(message) }),
    );
  });

  test('what needs a helper, when none is named', () => {
    expect(() => plan(aSpec(two, { restartPolicy: 'Never' }), { helperImage: undefined })).toThrow(
      /option helperImage/,
    );
  });
});
