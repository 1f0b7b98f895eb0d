import { once } from 'node:events';
import * as eci from '@alicloud/eci20180808';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { codeOf, FakeStage, region } from './testing/stage.ts';

let stage: FakeStage;
let group: string;

beforeEach(async () => {
  stage = await FakeStage.start();
  group = await stage.create({}, { GREETING: 'hello' });
  await stage.pastStart();
});

afterEach(async () => {
  await stage.fake.close();
});

type Wishes = ConstructorParameters<typeof eci.ExecContainerCommandRequest>[0];

/** The address of a session. */
async function address(command: readonly string[], wishes: Wishes = {}): Promise<string> {
  const { body } = await stage.client.execContainerCommand(
    new eci.ExecContainerCommandRequest({
      regionId: region,
      containerGroupId: group,
      containerName: 'main',
      command: JSON.stringify(command),
      ...wishes,
    }),
  );
  return body?.webSocketUri ?? 'no address';
}

/** What comes until the end, by channel, and the status of the end. */
async function read(socket: WebSocket): Promise<{ out: string; err: string; why: string; code: number }> {
  const texts = ['', '', '', ''];
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    texts[channel] += message.subarray(1).toString();
  });
  socket.on('error', () => undefined);
  const [code] = await once(socket, 'close');
  const [, out = '', err = '', why = ''] = texts;
  return { out, err, why, code };
}

async function refusal(url: string, protocols: readonly string[] = []): Promise<string> {
  const [{ message }] = await once(new WebSocket(url, [...protocols]), 'error');
  return message;
}

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

test('a command runs with the environment of the container; channel 3 says how it failed', async () => {
  const url = await address(shell('echo $GREETING; echo oops >&2; exit 3'));
  expect(await read(new WebSocket(url))).toEqual({
    out: 'hello\n',
    err: 'oops\n',
    why: 'command terminated with non-zero exit code: error executing command [/bin/sh -c echo $GREETING; echo oops >&2; exit 3], exit code 3',
    code: 1000,
  });
  expect((await read(new WebSocket(await address(['true'])))).why).toBe('');
});

test('an address opens once, within 30 s, and without a subprotocol', async () => {
  const url = await address(['true']);
  await read(new WebSocket(url));
  expect(await refusal(url)).toContain('403');
  const late = await address(['true']);
  await stage.clock.advance(30_001);
  expect(await refusal(late)).toContain('403');
  expect(await refusal(await address(['true']), ['v4.channel.k8s.io'])).toContain('403');
  expect(stage.cloud.sessions.opened).toBe(1);
});

test('input is typed; its end is that of the connection, and nothing else ends', async () => {
  const socket = new WebSocket(await address(shell('read line; echo "<$line>"; cat; sleep 60')));
  await once(socket, 'open');
  socket.send(Buffer.from('\0one\ntwo'));
  const texts: string[] = [];
  await new Promise<void>((resolve) =>
    socket.on('message', (message: Buffer) => {
      texts.push(message.subarray(1).toString());
      if (texts.join('') === '<one>\ntwo') resolve();
    }),
  );
  expect(stage.cloud.sessions.processes.size).toBe(1);
  socket.close();
  await once(socket, 'close');
  expect(stage.cloud.sessions.processes.size).toBe(1);
});

test('a terminal is one, and takes sizes', async () => {
  const script = 'until [ "$(stty size)" = "30 100" ]; do sleep 0.05; done; test -t 1 && echo terminal';
  const socket = new WebSocket(await address(shell(script), { TTY: true }));
  await once(socket, 'open');
  socket.send(Buffer.from('\x04no size'));
  socket.send(Buffer.from('\x04{"Width":100,"Height":30}'));
  expect(await read(socket)).toMatchObject({ out: 'terminal\r\n', why: '', code: 1000 });
});

test('sessions are cut where a test wants it; images may have no shell', async () => {
  stage.cloud.sessions.cut = { afterBytes: 5, how: 'torn' };
  const url = await address(shell('echo one two'));
  expect(await read(new WebSocket(url))).toMatchObject({ out: 'one t', code: 1006 });
  stage.cloud.sessions.cut = { afterBytes: 3, how: 'closed' };
  const next = await address(shell('echo one two'));
  expect(await read(new WebSocket(next))).toMatchObject({ out: 'one', why: '', code: 1000 });
  stage.cloud.sessions.cut = undefined;
  stage.cloud.setShell('busybox:1.36', false);
  expect((await read(new WebSocket(await address(shell('exit 0'))))).why).toContain(
    'stat /bin/sh: no such file',
  );
  expect((await read(new WebSocket(await address(['no-such-program'])))).why).toContain('no-such-program');
});

test('a command of more than 2048 characters is refused', async () => {
  expect(await codeOf(address(Array(10).fill('x'.repeat(250))))).toBe('InvalidParameter.ValueExceeded');
});
