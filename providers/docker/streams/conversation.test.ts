import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { converse, pour } from './conversation.ts';

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The connection as the engine hands it over, and the engine's end of it. */
async function handedOver(): Promise<{ connection: Socket; engine: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const connection = connect((server.address() as AddressInfo).port, '127.0.0.1');
  connection.on('error', () => {});
  const [engine] = await accepted;
  engine.on('error', () => {});
  cleanups.push(
    () => server.close(),
    () => engine.destroy(),
    () => connection.destroy(),
  );
  return { connection, engine };
}

/** `begun`: the first output has come. */
function keeping(connection: Socket, input?: Readable) {
  const output = new PassThrough();
  const begun = once(output, 'readable');
  const conversation = {
    input,
    endInput: () => void connection.end(),
    take: (chunk: Buffer) => pour(output, chunk, () => undefined),
  };
  return { output, begun, conversation };
}

test('bytes pass both ways, the end of the input goes on alone', async () => {
  const { connection, engine } = await handedOver();
  const { output, conversation } = keeping(connection, Readable.from(['que', 'stion']));
  const over = converse(connection, conversation, never);
  expect(await text(engine)).toBe('question');
  engine.end('answer');
  await over;
  expect(output.read().toString()).toBe('answer');
});

test('an input that has to wait begins when it may', async () => {
  const { connection, engine } = await handedOver();
  const { output, conversation } = keeping(connection, Readable.from(['typed ahead']));
  const { promise: inputAfter, resolve } = Promise.withResolvers<void>();
  const over = converse(connection, { ...conversation, inputAfter }, never);
  engine.write('prompt');
  await once(output, 'readable');
  expect(engine.readableLength).toBe(0);
  resolve();
  expect(await text(engine)).toBe('typed ahead');
  engine.end();
  await over;
});

test('an input that breaks off while it has to wait is noticed', async () => {
  const { connection } = await handedOver();
  const input = new PassThrough();
  const { conversation } = keeping(connection, input);
  const over = converse(connection, { ...conversation, inputAfter: new Promise(() => {}) }, never);
  input.destroy(new Error('cut'));
  await expect(over).rejects.toThrow('its input broke off: cut');
});

test('an input that breaks off does not look like one that has ended', async () => {
  const { connection, engine } = await handedOver();
  const input = new PassThrough();
  const { begun, conversation } = keeping(connection, input);
  const over = converse(connection, conversation, never);
  engine.write('begun');
  await begun;
  let ended = false;
  engine.on('end', () => {
    ended = true;
  });
  input.destroy();
  await expect(over).rejects.toMatchObject({ kind: 'Retryable', message: /its input broke off/ });
  expect([ended, connection.destroyed]).toEqual([false, false]);
});

test('a reset is the end of a command that has not read its input, otherwise it is a loss', async () => {
  for (const input of [Readable.from(['unread']), undefined]) {
    const { connection, engine } = await handedOver();
    const { begun, conversation } = keeping(connection, input);
    const over = converse(connection, conversation, never);
    const outcome = over.then(
      () => 'ended',
      () => 'lost',
    );
    engine.write('output');
    await begun;
    engine.resetAndDestroy();
    expect(await outcome).toBe(input === undefined ? 'lost' : 'ended');
  }
});

test('who takes the output is waited for, and missed when gone', async () => {
  const { connection, engine } = await handedOver();
  let release = (): void => {};
  const slow = new Writable({
    highWaterMark: 1,
    write(_data, _encoding, done) {
      release = done;
    },
  });
  const taken = once(connection, 'pause');
  const take = (chunk: Buffer) => pour(slow, chunk, () => undefined);
  const over = converse(connection, { endInput() {}, take }, never);
  engine.write('one');
  await taken;
  expect(connection.isPaused()).toBe(true);
  const resumed = once(connection, 'resume');
  release();
  await resumed;
  slow.destroy();
  engine.write('two');
  await expect(over).rejects.toThrow('nobody takes its output any more');
});

test('it ends with its signal, and leaves the streams as they are', async () => {
  const { connection } = await handedOver();
  const input = new PassThrough();
  const { output, conversation } = keeping(connection, input);
  const leave = new AbortController();
  const over = converse(connection, conversation, leave.signal);
  leave.abort(new Error('enough'));
  await expect(over).rejects.toThrow('enough');
  expect([input.destroyed, output.destroyed, input.listenerCount('data')]).toEqual([false, false, 0]);
});
