import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { messageTypes, payloadTypes } from './message.ts';
import { ScriptedAgent } from './testing/scripted-agent.ts';
import { all, readUntil, SessionStage, until } from './testing/session-stage.ts';

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The agent says nothing new any more; how many messages it has said. */
async function still({ exec }: SessionStage): Promise<number> {
  let [before, since] = [-1, Date.now()];
  await until(() => {
    const said = exec.open[0]?.counts?.said ?? 0;
    if (said !== before) [before, since] = [said, Date.now()];
    return Date.now() - since > 50;
  });
  return before;
}

describe('a session with the agent of the fake', () => {
  it('has output, environment and an end in order', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.open('/bin/sh -c "echo $COLOR; exit 3"');
    expect((await all(channel)).toString()).toBe('red\r\n');
    await expect(channel.write(Buffer.from('x'))).rejects.toMatchObject({ kind: 'Retryable' });
    channel.close();
    expect(stage.calls('TerminateSession')).toBe(0);
  });

  it('carries input and sizes', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.open(
      `/bin/sh -c 'trap "stty size; exit" WINCH; echo ready; while read line; do echo "<$line>"; done'`,
    );
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready');
    await channel.write(Buffer.from('hello\n'));
    await readUntil(reader, '<hello>');
    channel.resize({ width: 1, height: 1 });
    channel.resize({ width: 100, height: 40 });
    await channel.write(Buffer.from('\n'));
    expect(await readUntil(reader, '40 100')).toContain('40 100');
  });

  it.each([
    [0, 30_000],
    [0.1, 3000],
  ])('is whole in both directions when the share of messages lost is %d', async (loss, lines) => {
    await using stage = await SessionStage.start();
    const text = Buffer.from(
      Array.from({ length: lines }, (_, index) => `${String(index).padStart(9)}\n`).join(''),
    );
    const channel = await stage.shell(
      `echo ready; head -c ${text.length} | tee /dev/stderr | sha256sum; sleep 0.1; echo done`,
    );
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready\n');
    stage.exec.loss = loss;
    const writing = channel.write(text);
    const said = await readUntil(reader, 'done');
    await writing;
    expect(said).toContain(`${digest(text)}  -`);
    expect(said.replace(/[0-9a-f]{64} {2}-\n|done\n?/g, '')).toBe(text.toString());
  });

  it('lets a command wait whose output nobody reads, and loses nothing of it', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('seq 1 150000; echo over');
    const reader = channel.output[Symbol.asyncIterator]();
    const first = await reader.next();
    expect(await still(stage)).toBeLessThan(900);
    const rest = await readUntil(reader, 'over');
    const numbers = Array.from({ length: 150_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(digest(Buffer.from(`${first.value?.toString()}${rest}`.trim()))).toBe(
      digest(Buffer.from(`${numbers}over`)),
    );
  });

  it('has writers wait for a command that does not read', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('echo ready; sleep 600');
    await readUntil(channel.output[Symbol.asyncIterator](), 'ready');
    let written = 0;
    const writing = (async () => {
      for (;;) {
        await channel.write(Buffer.alloc(1024, 'x'));
        written++;
      }
    })();
    writing.catch(() => undefined);
    await until(() => written >= 128);
    channel.close();
    await expect(writing).rejects.toMatchObject({ kind: 'Retryable' });
    expect(written).toBeLessThan(256);
  });

  it('outlives its connection', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('echo ready; head -c 6; seq 1 20000; echo over');
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready');
    await until(() => stage.exec.open[0]?.counts?.unheard === 0);
    stage.exec.open[0]?.cut();
    await channel.write(Buffer.from('abcdef'));
    const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(await readUntil(reader, 'over')).toContain(`abcdef${numbers}over`);
    expect(stage.calls('ResumeSession')).toBe(1);
  });

  it('breaks when its connection cannot be resumed', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('echo ready; sleep 600');
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready');
    stage.fake.cloud.faults.plan('ResumeSession', { kind: 'deny' });
    stage.exec.open[0]?.cut();
    await expect(readUntil(reader, 'never')).rejects.toMatchObject({
      kind: 'Retryable',
      message: expect.stringMatching(/cannot be resumed: .*add ssm:ResumeSession to the policy/),
    });
    await until(() => stage.exec.open.length === 0);
  });

  it('breaks with the reason that the service gives', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('sleep 600');
    stage.exec.open[0]?.end('Your session timed out due to inactivity and has been terminated.');
    await expect(all(channel)).rejects.toMatchObject({
      kind: 'Retryable',
      message: expect.stringContaining('timed out due to inactivity'),
    });
  });

  it('says that the image lacks the file', async () => {
    await using stage = await SessionStage.start();
    stage.exec.missing.add('/bin/sh');
    const channel = await stage.open('/bin/sh');
    await expect(all(channel)).rejects.toMatchObject({
      kind: 'Unsupported',
      message: expect.stringContaining(
        'Unable to start command: Failed to start pty: fork/exec /bin/sh: no such file',
      ),
    });
  });

  it('does not begin where the cluster encrypts sessions with a key', async () => {
    await using stage = await SessionStage.start();
    stage.exec.kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/1';
    await expect(stage.open('/bin/sh')).rejects.toMatchObject({
      kind: 'Unsupported',
      message: expect.stringContaining('remove kmsKeyId'),
    });
    await until(() => stage.exec.open.length === 0);
  });

  it('is broken when the container ends', async () => {
    await using stage = await SessionStage.start({ times: 30 });
    const channel = await stage.shell('echo ready; sleep 600');
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready');
    stage.fake.cloud.exit(stage.task, 'main', { code: 0 });
    await expect(readUntil(reader, 'never')).rejects.toThrow('the container may have ended');
  });
});

describe('a client that leaves', () => {
  it('has the command hung up on', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('echo ready; sleep 600');
    const reader = channel.output[Symbol.asyncIterator]();
    await readUntil(reader, 'ready');
    channel.close();
    channel.close();
    expect((await reader.next()).done).toBe(true);
    await until(() => stage.exec.open.length === 0);
    expect(stage.calls('TerminateSession')).toBe(1);
  });

  it('leaves a command that ends by itself in peace', async () => {
    await using stage = await SessionStage.start();
    const channel = await stage.shell('echo ready; head -c 3');
    await readUntil(channel.output[Symbol.asyncIterator](), 'ready');
    await channel.write(Buffer.from('end'));
    channel.close();
    await until(() => stage.exec.open.length === 0);
    expect(stage.calls('TerminateSession')).toBe(0);
  });

  it('is told in the log when it may not end the session', async () => {
    await using stage = await SessionStage.start();
    stage.fake.cloud.faults.plan('TerminateSession', { kind: 'deny' });
    const channel = await stage.shell('sleep 600');
    channel.close();
    await until(() => stage.warnings.length > 0);
    expect(stage.warnings[0]).toMatch(/could not be ended; .*add ssm:TerminateSession to the policy/);
  });

  it('before the session has begun, has it ended', async () => {
    await using stage = await SessionStage.start();
    stage.exec.loss = 1;
    const leave = new AbortController();
    const opening = stage.open('/bin/sh', leave.signal);
    await until(() => stage.exec.open.some(({ isRunning }) => isRunning));
    leave.abort(new Error('left'));
    await expect(opening).rejects.toThrow('left');
    await until(() => stage.exec.open.length === 0);
  });
});

describe('a session that cannot be opened', () => {
  it('needs the permission, and says which', async () => {
    await using stage = await SessionStage.start();
    const { task, api } = stage;
    const session = await api.executeCommand({ task, container: 'main', command: 'sh' }, stage.signal);
    stage.fake.skewMs = 3_600_000;
    await expect(stage.openAt(session)).rejects.toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ answers 403 .*ssmmessages:OpenDataChannel/),
    });
  });

  it.each([
    ['where nobody listens', 'ws://127.0.0.1:9/v1/data-channel/x', /ECONNREFUSED/],
    ['that nobody knows', '', /answers 404/],
  ])('%s', async (_name, url, says) => {
    await using stage = await SessionStage.start();
    const streamUrl = url || `${stage.exec.streamBase}/v1/data-channel/x?role=publish_subscribe`;
    await expect(stage.openAt({ id: 'x', streamUrl, token: 'x' })).rejects.toMatchObject({
      kind: 'Retryable',
      message: expect.stringMatching(says),
    });
  });

  it('with a token that was used', async () => {
    await using stage = await SessionStage.start();
    const { task, api } = stage;
    const session = await api.executeCommand({ task, container: 'main', command: 'sleep 600' }, stage.signal);
    const first = await stage.openAt(session);
    await expect(stage.openAt(session)).rejects.toThrow('does not open this session');
    first.close();
  });

  it('by an agent that never begins', async () => {
    await using stage = await SessionStage.start({ times: 30 });
    await using agent = await ScriptedAgent.start();
    await expect(stage.openAt(agent.session)).rejects.toMatchObject({
      kind: 'Retryable',
      message: expect.stringContaining('has not begun it within 30 seconds'),
    });
  });
});

describe('what an agent may do', () => {
  it('messages come early and twice', async () => {
    await using stage = await SessionStage.start();
    await using agent = await ScriptedAgent.start();
    const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
    for (const [sequence, text] of [
      [3, 'b'],
      [3, 'b'],
      [1, '{}'],
      [4, 'c'],
      [2, 'a'],
      [2, 'a'],
      [4, 'c'],
      [5, 'd'],
    ] as const)
      await agent.say(sequence, payloadTypes.output, text);
    await agent.say(0, 0, '{"Output":""}', messageTypes.closed);
    expect((await all(channel)).toString()).toBe('abcd');
    const acknowledged = (): unknown[] =>
      agent.heard
        .filter(({ type }) => type === messageTypes.acknowledge)
        .map(({ payload }) => JSON.parse(payload.toString()).AcknowledgedMessageSequenceNumber);
    await until(() => acknowledged().length >= 10);
    expect(acknowledged()).toEqual([0, 1, 3, 3, 1, 4, 2, 2, 4, 5]);
  });

  it('input that is not acknowledged comes again', async () => {
    await using stage = await SessionStage.start();
    await using agent = await ScriptedAgent.start();
    const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
    await channel.write(Buffer.from('one'));
    await until(() => agent.input.length >= 2);
    expect(new Set(agent.input)).toEqual(new Set(['one']));
    channel.close();
  });

  it('it asks for a pause', async () => {
    await using stage = await SessionStage.start();
    await using agent = await ScriptedAgent.start();
    const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
    await agent.say(0, 0, '', messageTypes.pause);
    await agent.say(2, payloadTypes.output, 'a');
    await agent.say(0, 0, '', messageTypes.pause);
    await agent.say(0, 0, '', messageTypes.start);
    await readUntil(channel.output[Symbol.asyncIterator](), 'a');
    await channel.write(Buffer.from('one'));
    await until(() => agent.input.includes('one'));
    channel.close();
  });

  it.each([
    ['garbage', Buffer.from('garbage'), /no message of the protocol: a message of 7 bytes/],
    ['what is too long', Buffer.alloc(1024 * 1024 + 1), /was closed|Max payload/],
  ])('%s breaks the session', async (_name, bytes, says) => {
    await using stage = await SessionStage.start({ times: 30 });
    await using agent = await ScriptedAgent.start();
    const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
    (await agent.socket).send(bytes);
    await expect(all(channel)).rejects.toMatchObject({
      kind: 'Retryable',
      message: expect.stringMatching(says),
    });
  });

  it('a part that never comes breaks it, and so does an end before it', async () => {
    await using stage = await SessionStage.start({ times: 30 });
    const broken = async (end: boolean): Promise<unknown> => {
      await using agent = await ScriptedAgent.start();
      const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
      await agent.say(3, payloadTypes.output, 'b');
      if (end) await agent.say(0, 0, '{"Output":""}', messageTypes.closed);
      return await all(channel).catch((error) => error);
    };
    expect(await broken(false)).toMatchObject({
      message: expect.stringMatching(/did not come within 60 seconds/),
    });
    expect(await broken(true)).toMatchObject({
      message: expect.stringMatching(/ended before all of its output/),
    });
  });

  it('a connection that answers no ping is lost', async () => {
    await using stage = await SessionStage.start({ times: 30 });
    await using agent = await ScriptedAgent.start();
    const [channel] = await Promise.all([stage.openAt(agent.session), agent.begin()]);
    (await agent.socket).pause();
    await expect(all(channel)).rejects.toThrow(/answered nothing for 30 seconds/);
  });
});
