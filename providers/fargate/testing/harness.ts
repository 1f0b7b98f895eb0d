import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FakeEcs, type FakeEcsOptions, startFakeEcs } from '../../../test/fakes/ecs/index.ts';
import type { ConformanceHarness, Program } from '../../contract/conformance/index.ts';
import type { InstanceSpec } from '../../contract/index.ts';
import { createFargateProvider } from '../create-provider.ts';
import type { FargateOptions } from '../options.ts';
import { fakeOptions, purchased } from './fixtures.ts';
import { quickClock, quickFake } from './quick.ts';

/** The kit's programs as scripts of the fake. */
function arrangeForFake(spec: InstanceSpec, programs: Readonly<Record<string, Program>>): InstanceSpec {
  const script = (name: string): string => {
    const { print = [], printEnv, printEverySeconds = 0, exit, onTerm = 0 } = programs[name] ?? {};
    const printMs = print.length * printEverySeconds * 1000;
    return JSON.stringify({
      logs: print.map(({ text }) => text),
      ...(printEnv && { printEnv }),
      logEveryMs: printEverySeconds * 1000,
      exits: exit ? [{ code: exit.code, afterMs: (exit.afterSeconds ?? 0) * 1000 + printMs }] : [],
      onTerm: onTerm === 'ignore' ? 'ignore' : { code: onTerm },
    });
  };
  const scripted = (containers: InstanceSpec['containers']): InstanceSpec['containers'] =>
    containers.map((container) => ({
      ...container,
      env: [...container.env, { name: 'BURSTLET_FAKE_SCRIPT', value: script(container.name), secret: false }],
    }));
  return purchased({
    ...spec,
    // ECS knows only the grace period that a task was made with.
    terminationGracePeriodSeconds: 2,
    initContainers: scripted(spec.initContainers),
    containers: scripted(spec.containers),
  });
}

/** What no task of ECS can do, and the guide says. */
const beyondEcs = {
  'a container that fails is restarted when the policy says so':
    'ECS starts a container again only after a run of a minute',
  'logs: previous gives the run before, and is NotFound without one':
    'ECS starts a container again only after a run of a minute, and its runs share a log',
  'a program has its environment, with the address of its instance where it asks for it':
    'the address of a task is not known before it runs; such a Pod is refused',
  'logs hold what was written, on which stream and when':
    'awslogs does not tell standard error from standard output',
} as const;

function tagsIn({ cloud }: FakeEcs): unknown[] {
  return cloud.instances().map(({ task }) => task.tags);
}

/** Everything that ECS was asked. */
function toldEcs({ cloud }: FakeEcs): unknown[] {
  return cloud.calls.all.filter(({ action }) => action !== 'CreateSecret').map(({ input }) => input);
}

/** The adapter with the genuine SDK on a fake of its own per case, where `meddle` may make calls fail. */
export function fargateHarness(
  settings: {
    readonly fake?: FakeEcsOptions;
    readonly meddle?: (fake: FakeEcs) => void;
    readonly secretStore?: FargateOptions['secretStore'];
  } = {},
): ConformanceHarness {
  return {
    arrange: arrangeForFake,
    lacks: ['attach', 'portForward', 'stats', 'update'],
    skip: beyondEcs,
    async backend() {
      const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-fargate-'));
      const fake = await startFakeEcs({ ...quickFake, ...settings.fake });
      fake.cloud.logs.create('burstlet');
      settings.meddle?.(fake);
      const { secretStore = 'none' } = settings;
      const taskRoleArn = 'arn:aws:iam::123456789012:role/burstlet-task';
      const options = { ...fakeOptions(fake), secretStore, enableExecuteCommand: true, taskRoleArn };
      return {
        connect: (log) => createFargateProvider({ options, log, stateDir }, { clock: quickClock() }),
        leftovers: async () =>
          fake.cloud
            .instances()
            .filter(({ task }) => task.executionStoppedAt === undefined)
            .map(({ task }) => task.taskArn ?? ''),
        exposed: async () => JSON.stringify(secretStore === 'none' ? tagsIn(fake) : toldEcs(fake)),
        async close() {
          await fake.close();
          await rm(stateDir, { recursive: true, force: true });
        },
      };
    },
  };
}
