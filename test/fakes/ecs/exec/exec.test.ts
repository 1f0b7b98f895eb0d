import {
  DescribeTasksCommand,
  ExecuteCommandCommand,
  type RunTaskCommandInput,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { cluster, EcsStage, refusal } from '../testing/stage.ts';
import { splitWords } from './split-words.ts';
import { Utf8Gate } from './utf8-gate.ts';

const taskRoleArn = 'arn:aws:iam::123456789012:role/task';

async function runningTask(
  stage: EcsStage,
  definition: Partial<TaskDefinition> = {},
  more: Partial<RunTaskCommandInput> = { enableExecuteCommand: true },
): Promise<string> {
  const arn = await stage.define([{}, {}], { taskRoleArn, pidMode: definition.pidMode });
  const { tasks = [] } = await stage.run(arn, more);
  await stage.pastStart();
  return tasks[0]?.taskArn ?? '';
}

describe('ExecuteCommand', () => {
  function execute(stage: EcsStage, task: string, more: object = {}) {
    const input = { cluster, task, container: 'main', interactive: true, command: 'sh', ...more };
    return stage.ecs.send(new ExecuteCommandCommand(input));
  }

  it('gives a session with a token of its own', async () => {
    await using stage = await EcsStage.start();
    const task = await runningTask(stage);
    const [one, two] = [await execute(stage, task), await execute(stage, task)];
    expect(one).toMatchObject({
      containerName: 'main',
      interactive: true,
      taskArn: task,
      session: {
        sessionId: expect.stringMatching(/^ecs-execute-command-0[0-9a-f]{16}$/),
        streamUrl: expect.stringMatching(
          /^ws:.*\/v1\/data-channel\/ecs-execute-command-\w+\?role=publish_subscribe/,
        ),
      },
    });
    expect(one.session?.tokenValue).not.toBe(two.session?.tokenValue);
    const { tasks = [] } = await stage.ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] }));
    expect(tasks[0]?.containers?.[0]?.managedAgents).toMatchObject([
      { name: 'ExecuteCommandAgent', lastStatus: 'RUNNING' },
    ]);
  });

  it.each([
    ['a cluster that is none', { cluster: 'none' }, /^ClusterNotFoundException/],
    [
      'a task that is none',
      { task: 'f'.repeat(32) },
      /^InvalidParameterException: The referenced task was not found/,
    ],
    [
      'a container that is none',
      { container: 'none' },
      /^InvalidParameterException: .*container was not found/,
    ],
    [
      'no container where there are two',
      { container: undefined },
      /^InvalidParameterException: The container name must be/,
    ],
    ['no terminal', { interactive: false }, /^InvalidParameterException: Interactive must be true/],
    ['no command', { command: '' }, /^InvalidParameterException: Command cannot be empty/],
  ])('refuses %s', async (_name, more, says) => {
    await using stage = await EcsStage.start();
    expect(await refusal(execute(stage, await runningTask(stage), more))).toMatch(says);
  });

  it('refuses a task that was launched without it, and one that does not run', async () => {
    await using stage = await EcsStage.start();
    const without = await runningTask(stage, {}, { enableExecuteCommand: false });
    expect(await refusal(execute(stage, without))).toMatch(/^InvalidParameterException: .*was not enabled/);
    const ended = await runningTask(stage);
    stage.cloud.exit(ended, 'side-1', { code: 0 });
    expect(await refusal(execute(stage, ended, { container: 'side-1' }))).toMatch(/agent isn't running/);
  });

  it('does not reach an agent that is not connected', async () => {
    await using stage = await EcsStage.start();
    const task = await runningTask(stage);
    stage.cloud.exec.areAgentsConnected = false;
    expect(await refusal(execute(stage, task))).toMatch(/^TargetNotConnectedException/);
  });

  it('reaches one container only of those that share their processes', async () => {
    await using stage = await EcsStage.start();
    const task = await runningTask(stage, { pidMode: 'task' });
    await execute(stage, task, { container: 'side-1' });
    await execute(stage, task, { container: 'side-1' });
    expect(await refusal(execute(stage, task))).toMatch(/^TargetNotConnectedException/);
  });

  it('shares the rate of RunTask', async () => {
    await using stage = await EcsStage.start({ rates: { tasks: { burst: 2, perSecond: 1 } } });
    const task = await runningTask(stage);
    await execute(stage, task);
    expect(await refusal(execute(stage, task))).toMatch(/^ThrottlingException/);
  });

  it('ends a session after 20 minutes in which nothing went through it', async () => {
    await using stage = await EcsStage.start();
    await execute(stage, await runningTask(stage));
    await stage.clock.advance(19 * 60_000);
    expect(stage.cloud.exec.open).toHaveLength(1);
    await stage.clock.advance(2 * 60_000);
    expect(stage.cloud.exec.open).toHaveLength(0);
  });

  it('opens no stream without a signature', async () => {
    await using stage = await EcsStage.start();
    const { session } = await execute(stage, await runningTask(stage));
    const socket = new WebSocket(session?.streamUrl ?? '');
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once('error', ({ message }) => resolve(message));
    expect(await promise).toMatch('403');
  });
});

describe('the words of a command', () => {
  it.each([
    [`a  b\tc`, ['a', 'b', 'c']],
    [`sh -c 'echo "$x" \\n'`, ['sh', '-c', 'echo "$x" \\n']],
    [`"a \\"b\\" $c" ''`, ['a "b" $c', '']],
    [`a\\ b'c'"d"`, ['a bcd']],
    [`a #b c`, ['a']],
    [`a#b`, ['a#b']],
    ['', []],
  ])('%s', (command, words) => {
    expect(splitWords(command)).toEqual(words);
  });

  it('are none when a quote is open', () => {
    expect(() => splitWords(`a 'b`)).toThrow('closing quote');
  });

  it('are what was quoted', () => {
    const quoted = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(splitWords(words.map(quoted).join(' '))).toEqual(words);
      }),
    );
  });
});

describe('what the agent lets through of an output', () => {
  function passed(...reads: Buffer[]): Buffer {
    const gate = new Utf8Gate();
    return Buffer.concat(reads.map((read) => gate.pass(read)));
  }

  it('is all of a text, however it is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(200)), (text, cuts) => {
        const bytes = Buffer.from(text.replaceAll('\ufffd', '?'));
        const places = [
          ...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]),
        ].toSorted((a, b) => a - b);
        const reads = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(passed(...reads)).toEqual(bytes);
      }),
    );
  });

  it('is not what ends in the middle of a character, until more comes', () => {
    const euro = Buffer.from('€');
    expect(passed(Buffer.from('a'), euro.subarray(0, 2)).toString()).toBe('a');
    expect(passed(euro.subarray(0, 2), euro.subarray(2), Buffer.from('b')).toString()).toBe('€b');
    expect(passed(Buffer.from([0xff]), Buffer.from('abc'))).toEqual(Buffer.from([0xff, 0x61, 0x62, 0x63]));
  });

  it('is a third of U+FFFD', () => {
    expect(passed(Buffer.from('a\ufffdbcd')).toString('latin1')).toBe('a\xefbcd');
  });
});
