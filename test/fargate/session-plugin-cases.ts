/**
 * The fake's side of Session Manager against the client that AWS ships (github.com/aws/session-manager-plugin). Where that
 * works, the fake speaks the protocol; our own client is then tested with the fake. Builds the plugin into .cache when it is
 * not there; without Go, or where its modules cannot be had, it says so and is skipped.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ECS } from '@aws-sdk/client-ecs';
import { startTask } from '../../providers/fargate/ssm/testing/start-task.ts';
import { type FakeEcs, startFakeEcs } from '../fakes/ecs/index.ts';
import { sessionPlugin } from './session-plugin.ts';

const patienceMs = 60_000;
const region = 'us-east-1';
const cluster = 'burstlet';

/** Why it was skipped; undefined = passed. Rejects when it failed. */
export async function againstSessionPlugin(): Promise<string | undefined> {
  const plugin = await sessionPlugin();
  if ('reason' in plugin) return plugin.reason;
  const stages = { provisioning: 5, pulling: 5, activating: 5, deactivating: 5, deprovisioning: 5 };
  const fake = await startFakeEcs({ stages });
  const home = await mkdtemp(path.join(tmpdir(), 'burstlet-plugin-'));
  const ecs = new ECS({ region, endpoint: fake.endpoint, credentials: { ...fake.credentials } });
  try {
    const task = await runningTask(ecs);
    const open = (command: string): Promise<PluginRun> =>
      PluginRun.start(plugin.program, fake, ecs, task, home, command);
    await talks(open);
    await takesBulk(open);
    await resumes(open, fake);
    await isTold(open, fake);
    await shakesHands(open, fake);
    return undefined;
  } finally {
    ecs.destroy();
    await fake.close();
    await rm(home, { recursive: true, force: true });
  }
}

type Open = (command: string) => Promise<PluginRun>;

/** Handshake, sizes, input, output, and the end in order. */
async function talks(open: Open): Promise<void> {
  const plugin = await open(`/bin/sh -c 'echo begun; read line; stty size; echo "got <$line>"'`);
  await plugin.until(/begun/);
  plugin.type('héllo\n');
  await plugin.ended();
  // What it tells where it has no terminal of its own.
  assert.match(plugin.output, /100 300\r\ngot <héllo>/);
  assert.match(plugin.output, /Starting session with SessionId: ecs-execute-command-\w+/);
  assert.match(plugin.output, /Exiting session with sessionId: ecs-execute-command-\w+\.\s+$/);
}

/** More than either side has in flight at a time, in order and once. */
async function takesBulk(open: Open): Promise<void> {
  const plugin = await open(`/bin/sh -c 'stty -onlcr; seq 1 60000'`);
  await plugin.ended();
  const numbers = Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join('');
  assert.ok(plugin.output.includes(numbers), 'the output is not whole');
}

/** A connection that breaks is not the end of the session. */
async function resumes(open: Open, fake: FakeEcs): Promise<void> {
  const plugin = await open(`/bin/sh -c 'echo begun; read line; echo "got <$line>"'`);
  await plugin.until(/begun/);
  const [session] = fake.cloud.exec.open;
  session?.cut();
  await until('resumed', () => fake.cloud.calls.of('ResumeSession').some(({ result }) => result === 'ok'));
  plugin.type('after\n');
  await plugin.until(/got <after>/);
  await plugin.ended();
}

async function isTold(open: Open, fake: FakeEcs): Promise<void> {
  const plugin = await open('/bin/sh -c "echo begun; sleep 600"');
  await plugin.until(/begun/);
  fake.cloud.exec.open[0]?.end('Your session was terminated.');
  await plugin.ended();
  assert.match(plugin.output, /SessionId: ecs-execute-command-\w+ : Your session was terminated\./);
}

/** A client that answers the handshake with a failure is not let in. */
async function shakesHands(open: Open, fake: FakeEcs): Promise<void> {
  fake.cloud.exec.kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/none';
  try {
    const plugin = await open('/bin/true');
    await plugin.ended();
    assert.match(plugin.output, /KMSEncryption failed on client/);
  } finally {
    fake.cloud.exec.kmsKeyId = undefined;
  }
}

async function runningTask(ecs: ECS): Promise<string> {
  const arn = await startTask(ecs, cluster);
  await until('the task runs', async () => {
    const { tasks: seen = [] } = await ecs.describeTasks({ cluster, tasks: [arn] });
    return seen[0]?.lastStatus === 'RUNNING';
  });
  return arn;
}

/** The plugin as the AWS CLI starts it for `aws ecs execute-command`. */
class PluginRun {
  output = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
  }

  static async start(
    program: string,
    fake: FakeEcs,
    ecs: ECS,
    task: string,
    home: string,
    command: string,
  ): Promise<PluginRun> {
    const { session } = await ecs.executeCommand({
      cluster,
      task,
      container: 'main',
      interactive: true,
      command,
    });
    const response = {
      SessionId: session?.sessionId,
      StreamUrl: session?.streamUrl,
      TokenValue: session?.tokenValue,
    };
    const target = { Target: `ecs:${cluster}_task_runtime` };
    const args = [
      JSON.stringify(response),
      region,
      'StartSession',
      '',
      JSON.stringify(target),
      fake.endpoint,
    ];
    const { accessKeyId, secretAccessKey } = fake.credentials;
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const child = spawn(program, args, { env, stdio: 'pipe' });
    process.once('exit', () => child.kill());
    return new PluginRun(child);
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  until(pattern: RegExp): Promise<void> {
    return until(String(pattern), () => pattern.test(this.output));
  }

  /** It ends by itself, and is content. */
  async ended(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    const [code] = (await this.#exited) as [number | null];
    clearTimeout(timer);
    assert.equal(code, 0, `the plugin ended with ${code}: ${this.output}`);
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await holds())) {
    assert.ok(Date.now() < giveUpAt, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
