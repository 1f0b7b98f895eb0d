import { duplexPair } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { commandOverSpdy } from './over-spdy/command-over-spdy.ts';
import { ScriptedProvider } from './testing/scripted-provider.ts';
import { connectSpdy, SpdyClient } from './testing/spdy-client.ts';
import { type StreamServer, startStreamServer } from './testing/stream-server.ts';

const script = new ScriptedProvider();
let server: StreamServer;

beforeAll(async () => {
  server = await startStreamServer({ provider: script.provider() });
});
beforeEach(() => {
  script.calls.length = 0;
});
afterAll(() => server.close());

const v4 = 'v4.channel.k8s.io';

function exec(command: readonly string[], streams: string, protocol = v4): Promise<SpdyClient> {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
  return connectSpdy(server.port, `/exec/default/web-0/main?${words}&${streams}`, protocol);
}

describe('exec over SPDY', () => {
  test('ends each stream, reports success last and says goodbye', async () => {
    const client = await exec(['print', 'out', 'err', '0'], 'output=1&error=1');
    const [error = 0, out = 0, err = 0] = client.openAll('error', 'stdout', 'stderr');
    expect(await client.status(error)).toEqual({ metadata: {}, status: 'Success' });
    await client.closed;
    expect([client.text(out), client.text(err)]).toEqual(['out', 'err']);
    expect(client.events).toEqual([
      ...['reply 1', 'reply 3', 'reply 5', 'fin 3', 'fin 5', 'fin 1'],
      // The client did not end its side of them.
      ...['reset 1', 'reset 3', 'reset 5', 'goaway'],
    ]);
  });

  test('reports it to a slow client too when that has taken all of it', async () => {
    const client = await exec(['dump', '20000000'], 'output=1');
    const [error = 0, out = 0] = client.openAll('error', 'stdout');
    await client.happened('reply 3');
    client.socket.pause();
    while (script.calls[0]?.settled !== true) await new Promise(setImmediate);
    client.socket.resume();
    expect(await client.status(error)).toMatchObject({ status: 'Success' });
    expect(client.bytes(out).length).toBe(20_000_000);
    expect(client.events.slice(-5)).toEqual(['fin 3', 'fin 1', 'reset 1', 'reset 3', 'goaway']);
  });

  test('reports the exit code', async () => {
    const client = await exec(['exit', '3'], 'output=1');
    const [error = 0] = client.openAll('error', 'stdout');
    expect(await client.status(error)).toMatchObject({
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('ends the input with its stream, and nothing else', async () => {
    const client = await exec(['cat'], 'input=1&output=1');
    const [error = 0, stdin = 0, stdout = 0] = client.openAll('error', 'stdin', 'stdout');
    client.data(stdin, 'hello');
    await client.read(stdout, 'hello');
    client.data(stdin, ' world', true);
    expect(await client.status(error)).toMatchObject({ status: 'Success' });
    expect(client.text(stdout)).toBe('hello world');
  });

  test('an input that is reset has not ended', async () => {
    const client = await exec(['cat'], 'input=1&output=1');
    const [error = 0, stdin = 0, stdout = 0] = client.openAll('error', 'stdin', 'stdout');
    client.data(stdin, 'half of');
    await client.read(stdout, 'half of');
    client.reset(stdin);
    expect(await client.status(error)).toMatchObject({ reason: 'InternalError' });
  });

  test('gives a terminal its sizes', async () => {
    const client = await exec(['sizes', '1'], 'output=1&tty=1');
    const [error = 0, stdout = 0, resize = 0] = client.openAll('error', 'stdout', 'resize');
    client.data(resize, '{"Width":80,"Height":24}');
    expect(await client.status(error)).toMatchObject({ status: 'Success' });
    expect(client.text(stdout)).toBe('80x24\n');
  });

  test('before v3 there are no sizes, and before v4 errors are words', async () => {
    const client = await exec(['exit', '4'], 'output=1&tty=1', 'v2.channel.k8s.io');
    const [error = 0] = client.openAll('error', 'stdout');
    await client.happened(`fin ${error}`);
    expect(client.text(error)).toBe('command terminated with non-zero exit code: exit code 4');
  });

  test('takes streams that it did not expect, and refuses those that it does not know', async () => {
    const client = await exec(['cat'], 'input=1&output=1');
    const opened = client.openAll('error', 'resize', 'stdin', 'magic', 'stdout', 'stdout');
    const [error = 0, resize = 0, stdin = 0] = opened;
    client.data(resize, 'nonsense');
    client.data(stdin, '', true);
    expect(await client.status(error)).toMatchObject({ status: 'Success' });
    expect(client.events.slice(0, 6)).toEqual([
      ...['reply 1', 'reply 3', 'reply 5', 'reset 7', 'reply 9', 'reset 11'],
    ]);
  });

  test('tells a command to end when its client leaves', async () => {
    const called = new Promise<AbortSignal>((resolve) => {
      script.onCall = ({ signal }) => resolve(signal);
    });
    const client = await exec(['silent'], 'output=1');
    client.openAll('error', 'stdout');
    const signal = await called;
    client.socket.end();
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    expect(signal.reason).toMatchObject({ message: 'the client has left' });
  });
});

test('a client that does not open its streams in 30 s is sent away', async () => {
  const clock = new FakeClock();
  const [ours, theirs] = duplexPair();
  const client = new SpdyClient(theirs);
  const { signal: closing } = new AbortController();
  const opened = commandOverSpdy(
    { clock, log: silentLog, socket: ours, head: new Uint8Array(), closing },
    v4,
    { stdin: false, stdout: true, stderr: false, tty: false },
  );
  client.openAll('error');
  await clock.advance(29_000);
  expect(client.events).toEqual(['reply 1']);
  await clock.advance(1_000);
  expect(await opened).toBeUndefined();
  expect(clock.pending).toBe(0);
});
