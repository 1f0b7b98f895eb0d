import { createHash } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import { command, Harness, never, temporaryState } from './testing/harness.ts';
import { pattern } from './testing/streams.ts';

const state = temporaryState();
const harness = new Harness(state.folder, 'node');
let sandbox: SandboxState;
let other: SandboxState;
let ports: readonly number[];

/** A server of each kind: it tells its name and address, then echoes, and ends when the client does. */
const servers = `
  const net = require('node:net');
  const kinds = process.argv.slice(1);
  const listen = (kind) => new Promise((resolve) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      if (kind === 'reset') return socket.once('data', () => socket.resetAndDestroy());
      if (kind === 'first') return socket.end('bye');
      socket.write(process.env.POD_NAME + ' ' + socket.localAddress + '\\n');
      socket.pipe(socket);
    });
    const host = { own: process.env.POD_IP, all: '0.0.0.0', six: '::1', loop: '127.0.0.1' }[kind] ?? process.env.POD_IP;
    server.listen(0, host, () => resolve(server.address().port));
  });
  Promise.all(kinds.map(listen)).then((ports) => console.log(ports.join(' ')));`;

async function serve(pod: SandboxState, name: string, ...kinds: string[]): Promise<number[]> {
  const env = [{ name: 'POD_NAME', value: name, secret: false }];
  const started: RuntimeContainer = await harness.start(
    pod,
    command(name, ['node', '-e', servers, ...kinds], { env }),
  );
  const [line = ''] = await harness.log(pod, started, {}, /\d/);
  return line.split(' ').map(Number);
}

beforeAll(async () => {
  [sandbox, other] = await Promise.all([harness.sandbox('one'), harness.sandbox('two')]);
  ports = await serve(sandbox, 'main', 'own', 'all', 'loop', 'six', 'reset', 'first');
});

afterAll(async () => {
  await harness.removeAll();
  await harness.close();
  await state.remove();
});

function forward(port: number, pod = sandbox, signal = never): { client: Duplex; ended: Promise<void> } {
  const [client, connection] = duplexPair();
  client.on('error', () => {});
  return { client, ended: harness.runtime.portForward(pod.id, port, connection, signal) };
}

describe('the server of the Pod is found', () => {
  test.each([
    ['its own address', 0, () => sandbox.ips[0]],
    ['all addresses', 1, () => sandbox.ips[0]],
    ['the loopback of the machine', 2, () => '127.0.0.1'],
    ['the loopback of IPv6', 3, () => '::1'],
  ])('on %s', async (_what, index, address) => {
    const { client, ended } = forward(ports[index] ?? 0);
    client.end('hello');
    expect(await text(client)).toBe(`main ${address()}\nhello`);
    await ended;
  });

  test('and never that of another Pod, or of the machine', async () => {
    const [taken = 0] = await serve(other, 'stranger', 'all');
    const ofMachine = createServer((socket) => socket.end('machine')).listen(0, '0.0.0.0');
    await new Promise((resolve) => ofMachine.once('listening', resolve));
    const { port } = ofMachine.address() as AddressInfo;
    for (const one of [taken, port]) {
      const { client, ended } = forward(one);
      await expect(ended).rejects.toMatchObject({ message: expect.stringContaining('connection refused') });
      expect(client.destroyed || (await text(client)) === '').toBe(true);
    }
    const { client, ended } = forward(taken, other);
    client.end();
    expect(await text(client)).toBe(`stranger ${other.ips[0]}\n`);
    await ended;
    ofMachine.close();
  });
});

describe('connections', () => {
  test('carry 16 MiB each way at once, exact, over a half close', async () => {
    const { client, ended } = forward(ports[0] ?? 0);
    const { source, sha256, bytes } = pattern(256);
    const got = buffer(client);
    source.pipe(client);
    const all = await got;
    const greeting = all.length - bytes;
    expect(createHash('sha256').update(all.subarray(greeting)).digest('hex')).toBe(sha256);
    await ended;
  });

  test('twenty at once', async () => {
    const all = Array.from({ length: 20 }, async (_, index) => {
      const { client, ended } = forward(ports[0] ?? 0);
      client.end(`number ${index}`);
      expect(await text(client)).toBe(`main ${sandbox.ips[0]}\nnumber ${index}`);
      await ended;
    });
    await Promise.all(all);
  });

  test('the server may end first, and the client still send', async () => {
    const { client, ended } = forward(ports[5] ?? 0);
    expect(await text(client)).toBe('bye');
    client.end('late');
    await ended;
  });

  test('a reset is an error for the client', async () => {
    const { client, ended } = forward(ports[4] ?? 0);
    client.write('x');
    await expect(ended).rejects.toMatchObject({ message: expect.stringMatching(/connection reset by peer/) });
    expect(client.destroyed || client.readableEnded || client.closed).toBeDefined();
  });

  test('end with the signal', async () => {
    const abort = new AbortController();
    const { client, ended } = forward(ports[0] ?? 0, sandbox, abort.signal);
    await new Promise((resolve) => client.once('data', resolve));
    abort.abort(new Error('enough'));
    await expect(ended).rejects.toThrow();
  });

  test('end with the client that goes away in the middle', async () => {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const client = connect(port, '127.0.0.1');
    const connection = await accepted;
    const ended = harness.runtime.portForward(sandbox.id, ports[0] ?? 0, connection, never);
    await new Promise((resolve) => client.once('data', resolve));
    client.resetAndDestroy();
    await expect(ended).rejects.toMatchObject({ kind: 'Retryable' });
    server.close();
  });
});

test('of a Pod that is not there', async () => {
  const [, connection] = duplexPair();
  const ended = harness.runtime.portForward('none', 80, connection, never);
  await expect(ended).rejects.toMatchObject({ kind: 'NotFound' });
  expect(connection.destroyed).toBe(true);
});
