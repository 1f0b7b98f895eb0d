import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import { wallClock } from '../../contract/clock.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { EngineConnection } from './connection.ts';

const never = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  clock = wallClock,
): Promise<{ engine: FakeEngine; connection: EngineConnection }> {
  const engine = await FakeEngine.listen(answer);
  const { socketPath } = engine;
  const endpoint = { name: 'fake', origin: 'http://localhost', socketPath, remote: false };
  const connection = new EngineConnection({ endpoint, clock, random: () => 0 });
  cleanups.push(
    () => engine.close(),
    () => connection.close(),
  );
  return { engine, connection };
}

const get = { method: 'GET', path: '/x' } as const;

test('an answer is parsed, an empty one is undefined', async () => {
  const { connection, engine } = await connect((request, response) => {
    response.end(request.url === '/empty' ? '' : '{"a":1}');
  });
  const query = { all: true, filters: { label: ['a=b'] }, none: undefined };
  expect(await connection.call({ ...get, query }, never)).toEqual({ a: 1 });
  expect(await connection.call({ ...get, path: '/empty' }, never)).toBeUndefined();
  expect(engine.requests[0]).toBe('GET /x?all=true&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D');
});

test.each([
  [404, '{"message":"No such container: x"}', 'No such container: x'],
  [409, '{"message":"Conflict"}', 'Conflict'],
  [500, '{"message":"no space left on device"}', 'no space left on device'],
  [502, '<html>bad gateway</html>', '<html>bad gateway</html>'],
  [503, '', 'HTTP 503'],
])('%i is an error in the words of the engine, and is not repeated', async (status, body, message) => {
  const { connection, engine } = await connect((_, response) => {
    response.writeHead(status).end(body);
  });
  await expect(connection.call(get, never)).rejects.toMatchObject({ name: 'EngineError', status, message });
  await expect(connection.stream(get, never)).rejects.toMatchObject({ status, message });
  expect(engine.requests).toHaveLength(2);
});

test('an answer that is no JSON is an error', async () => {
  const { connection } = await connect((_, response) => {
    response.end('OK');
  });
  await expect(connection.call(get, never)).rejects.toMatchObject({ kind: 'Retryable' });
});

test('a connection that breaks is made anew, unless the call must not be repeated', async () => {
  let breaks = 2;
  const { connection, engine } = await connect((request, response) => {
    if (breaks-- > 0) request.socket.destroy();
    else response.end('{}');
  });
  await expect(connection.call({ ...get, repeatable: false }, never)).rejects.toMatchObject({
    kind: 'Retryable',
    message: expect.stringContaining('the container engine at fake does not answer'),
  });
  expect(await connection.call(get, never)).toEqual({});
  expect(engine.requests).toHaveLength(3);
});

test('an engine that says nothing is given up in time', async () => {
  const clock = new FakeClock();
  let asked = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { connection } = await connect(() => asked(), clock);
  const call = expect(connection.call(get, never)).rejects.toMatchObject({
    kind: 'Retryable',
    message: 'fake has not answered within 30000 ms',
  });
  await arrived;
  await clock.advance(30_000);
  await call;
});

test('a call ends with its signal, with the reason of that', async () => {
  const leave = new AbortController();
  const { connection } = await connect(() => leave.abort(new Error('enough')));
  await expect(connection.call(get, leave.signal)).rejects.toThrow('enough');
  await expect(connection.call(get, leave.signal)).rejects.toThrow('enough');
});

test('a stream goes on after its time to begin, and ends with its signal', async () => {
  const clock = new FakeClock();
  let response: ServerResponse | undefined;
  const { connection } = await connect((_, answer) => {
    response = answer;
    answer.write('one');
  }, clock);
  const leave = new AbortController();
  const read: string[] = [];
  const stream = await connection.stream({ ...get, timeoutMs: 10 }, leave.signal);
  await clock.advance(60_000);
  await expect(
    (async () => {
      for await (const chunk of stream) {
        read.push(Buffer.from(chunk).toString());
        if (read.length === 1) response?.write('two');
        else leave.abort(new Error('enough'));
      }
    })(),
  ).rejects.toThrow('enough');
  expect(read).toEqual(['one', 'two']);
});

test('a stream that breaks says so', async () => {
  const { connection } = await connect((request, response) => {
    response.write('one', () => request.socket.destroy());
  });
  const stream = await connection.stream(get, never);
  await expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toMatchObject({ kind: 'Retryable' });
});

test('bytes are sent as an archive, everything else as JSON', async () => {
  const seen: string[] = [];
  const { connection } = await connect((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push(`${request.headers['content-type']} ${body}`);
      response.end();
    });
  });
  await connection.call({ method: 'POST', path: '/x', body: { a: 1 } }, never);
  await connection.call({ method: 'POST', path: '/x', body: Buffer.from('tar') }, never);
  expect(seen).toEqual(['application/json {"a":1}', 'application/x-tar tar']);
});
