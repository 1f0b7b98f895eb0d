import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Collector } from '../contract/conformance/streams.ts';
import type { ExecRequest, InstanceRef, ProcessStreams } from '../contract/index.ts';
import { providerErrorKind, wallClock } from '../contract/index.ts';
import { aContainer, aSpec } from './testing/fixtures.ts';
import { FargateStage } from './testing/stage.ts';

const never = new AbortController().signal;
const taskRoleArn = 'arn:aws:iam::123456789012:role/burstlet-task';
/** With what the agent takes for a fault of its own. */
const megabyte = Buffer.concat([randomBytes(1 << 20), Buffer.from('\ufffd\0\r\n\x04\x03')]);
const waitSeconds = 15;

let stage: FargateStage;
let ref: InstanceRef;

beforeAll(async () => {
  stage = await execStage();
  stage.fake.cloud.exec.banner = 'Welcome\r\n';
  ref = await running(stage);
});

afterAll(() => stage[Symbol.asyncDispose]());

describe('exec in a container of a task', () => {
  it.each([0, 3, 137])('tells the exit code %i', async (code) => {
    const script = code > 128 ? `kill -${code - 128} $$` : `exit ${code}`;
    expect(await exec(sh(script))).toBe(code);
  });

  it('has both outputs apart, and the environment of the container', async () => {
    const [stdout, stderr] = [new Collector(), new Collector()];
    const script = 'printf "%s\\0\\r\\n" "$GREETING"; echo oops >&2; exit 4';
    expect(await exec(sh(script), { stdout, stderr })).toBe(4);
    expect([stdout.text, stderr.text]).toEqual(['hello\0\r\n', 'oops\n']);
  });

  it('hands over input to its last byte, and its end', async () => {
    const stdout = new Collector();
    expect(await exec(sh('sha256sum'), { stdin: Readable.from([megabyte]), stdout })).toBe(0);
    expect(stdout.text).toBe(`${digestOf(megabyte)}  -\n`);
  });

  it('hands over output to its last byte, also when messages are lost', async () => {
    for (const [input, loss] of [
      [megabyte, 0],
      [megabyte.subarray(-50_000), 0.05],
    ] as const) {
      stage.fake.cloud.exec.loss = loss;
      const stdout = new Collector();
      expect(await exec(['cat'], { stdin: Readable.from([input]), stdout })).toBe(0);
      expect([stdout.bytes, stdout.sha256()]).toEqual([input.length, digestOf(input)]);
    }
    stage.fake.cloud.exec.loss = 0;
  });

  it('copies files both ways, as kubectl cp does it', async () => {
    const [archive, words, back] = [new PassThrough(), new Collector(), new Collector()];
    const parts = archive.toArray();
    expect(await exec(['tar', 'cf', '-', '/etc/hostname'], { stdout: archive, stderr: words })).toBe(0);
    expect(words.text).toContain('emoving leading');
    archive.end();
    expect(await exec(['tar', 'xOmf', '-'], { stdin: Readable.from(await parts), stdout: back })).toBe(0);
    expect(back.text).toBe(readFileSync('/etc/hostname', 'utf8'));
  });

  it('has a terminal when one is wanted', async () => {
    const [stdin, stdout] = [new PassThrough(), new Collector()];
    const script =
      'test -t 0 && test -t 1 && until stty size | grep "30 100"; do sleep 0.1; done; read -r x; echo "<$x>"; exit 6';
    const sizes = Readable.from([{ width: 100, height: 30 }]);
    const code = exec(sh(script), { stdin, stdout, sizes }, true);
    await stdout.until('30 100', waitSeconds);
    stdin.write('typed\r');
    expect(await code).toBe(6);
    expect(stdout.text).toBe('30 100\r\ntyped\r\n<typed>\r\n');
  });

  it('leaves no session behind', async () => {
    await expect.poll(() => stage.fake.cloud.exec.open.length, { timeout: 10_000 }).toBe(0);
  });
});

describe('exec that fails', () => {
  it('when its session is killed, and never with a code', async () => {
    const stdout = new Collector();
    const code = exec(sh('echo up; sleep 1000'), { stdout });
    await stdout.until('up', waitSeconds);
    for (const session of stage.fake.cloud.exec.open) session.end('Your session was terminated.');
    await expect(code).rejects.toThrow('Your session was terminated.');
  });

  it('when its container ends, soon and never with a code', async () => {
    await using brief = await execStage();
    const instance = await running(brief);
    const stdout = new Collector();
    const code = call(brief, instance, sh('echo up; sleep 1000'), { stdout });
    await stdout.until('up', waitSeconds);
    brief.fake.cloud.exit(instance.id, 'main', { code: 0 });
    await brief.list();
    await expect(code).rejects.toThrow('container main has ended, and the command with it');
  });

  it('when its client leaves, and takes the session with it', async () => {
    const leave = new AbortController();
    const stdout = new Collector();
    const code = exec(sh('trap "" HUP TERM; echo up; sleep 1000'), { stdout }, false, leave.signal);
    await stdout.until('up', waitSeconds);
    leave.abort(new Error('the client has left'));
    await expect(code).rejects.toThrow('the client has left');
    await expect.poll(() => stage.fake.cloud.exec.open.length, { timeout: 10_000 }).toBe(0);
  });

  it('without /bin/sh in the image', async () => {
    stage.fake.cloud.exec.missing.add('/bin/sh');
    const code = exec(['true']);
    await expect(code).rejects.toThrow('/bin/sh');
    stage.fake.cloud.exec.missing.clear();
  });

  it('where nothing runs', async () => {
    const other = { ...ref, id: `${ref.id.slice(0, -4)}0000` };
    expect(await call(stage, other, ['true']).catch(providerErrorKind)).toBe('NotFound');
  });

  it('while the agent is not connected, after some attempts', async () => {
    await using quick = await FargateStage.start({
      options: () => ({ enableExecuteCommand: true, taskRoleArn }),
    });
    const { exec: sessions, calls } = quick.fake.cloud;
    const instance = await running(quick);
    sessions.areAgentsConnected = false;
    await expect(call(quick, instance, ['true'])).rejects.toThrow('TargetNotConnected');
    expect(calls.all.filter(({ action }) => action === 'ExecuteCommand')).toHaveLength(3);
  });
});

describe('exec that is off', () => {
  it('says so', async () => {
    await using plain = await FargateStage.start();
    const instance = await running(plain);
    const code = call(plain, instance, ['true']);
    await expect(code).rejects.toThrow('set the provider option enableExecuteCommand');
    expect(await code.catch(providerErrorKind)).toBe('Unsupported');
  });
});

function execStage(): Promise<FargateStage> {
  return FargateStage.start({
    clock: wallClock,
    options: () => ({ enableExecuteCommand: true, taskRoleArn }),
  });
}

async function running(on: FargateStage): Promise<InstanceRef> {
  const env = [{ name: 'GREETING', value: 'hello', secret: false }];
  const { ref: created } = await on.create(aSpec([aContainer({ env })]));
  await on.until(created.id, ({ phase }) => phase === 'Running');
  return created;
}

function exec(
  command: readonly string[],
  streams: ProcessStreams = {},
  tty = false,
  signal = never,
): Promise<number> {
  return call(stage, ref, command, streams, tty, signal);
}

function call(
  { provider }: FargateStage,
  instance: InstanceRef,
  command: ExecRequest['command'],
  streams: ProcessStreams = {},
  tty = false,
  signal = never,
): Promise<number> {
  const code = provider.exec(instance, 'main', { command, tty }, streams, signal);
  code.catch(() => undefined);
  return code;
}

function sh(script: string): readonly string[] {
  return ['/bin/sh', '-c', script];
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
