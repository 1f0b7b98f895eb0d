import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectProgram } from './connect-program.ts';

const native =
  process.platform === 'linux' && { x64: 'amd64' as const, arm64: 'arm64' as const }[process.arch as string];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'burstlet-connect-'));
  if (native) writeFileSync(path.join(folder, 'connect'), connectProgram(native), { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A port on loopback, and the connection that comes to it. */
async function listen(host: string) {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  return { port, accepted, close: () => server.close() };
}

describe.skipIf(!native)('the program that connects to a port', () => {
  function start(port: number) {
    const child = spawn(path.join(folder, 'connect'), [String(port)], { stdio: 'pipe' });
    return { child, exit: once(child, 'exit'), out: buffer(child.stdout), told: buffer(child.stderr) };
  }

  test.each(['127.0.0.1', '::1'])('carries both directions at %s until both have ended', async (host) => {
    const { port, accepted, close } = await listen(host);
    const { child, exit, out, told } = start(port);
    const [service] = await accepted;
    const bytes = Buffer.alloc(1_000_003, 'abcdefg');
    const up = buffer(service);
    service.end(bytes);
    const count = await once(child.stderr, 'data');
    expect((count[0] as Buffer).readBigUInt64LE()).toBe(BigInt(bytes.length));
    // The other direction is still open.
    child.stdin.end(bytes);
    expect((await up).equals(bytes)).toBe(true);
    expect(await exit).toEqual([0, null]);
    expect((await out).equals(bytes)).toBe(true);
    expect(await told).toHaveLength(8);
    close();
  });

  test('passes the end of its input on, and waits for the answer', async () => {
    const { port, accepted, close } = await listen('127.0.0.1');
    const { child, exit, out } = start(port);
    const [service] = await accepted;
    child.stdin.end('question');
    expect((await buffer(service)).toString()).toBe('question');
    service.end('answer');
    expect((await out).toString()).toBe('answer');
    expect(await exit).toEqual([0, null]);
    close();
  });

  test('ends with the errno: nobody listens, the connection is reset', async () => {
    const { port, accepted, close } = await listen('127.0.0.1');
    const reset = start(port);
    (await accepted)[0].resetAndDestroy();
    expect(await reset.exit).toEqual([104, null]);
    close();
    expect(await start(port).exit).toEqual([111, null]);
  });
});

test('it is the same program for both architectures', () => {
  const machines = (['amd64', 'arm64'] as const).map((arch) => connectProgram(arch).readUInt16LE(18));
  expect(machines).toEqual([62, 183]);
});
