import { readdirSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ForwardedConnection, SandboxState } from '../../providers/contract/index.ts';
import { wallClock } from '../../providers/contract/index.ts';
import { forward as forwarding } from '../../providers/docker/streams/forward.ts';
import { testEngine } from './engine.ts';
import { Harness, never, shell } from './harness.ts';
import { connectionPair } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

/** A program of this machine in the network of the sandbox (where the provider finds that it can), and one that the engine runs. */
const ways = ['as the provider does it', 'through the engine'] as const;

describe.skipIf(typeof engine === 'string').for(ways)('port-forward, %s', (way) => {
  let harness: Harness;
  let sandbox: SandboxState;
  let count = 0;

  beforeEach(async () => {
    count += 1;
    harness = new Harness(`forward-${process.pid}-${count}`);
    sandbox = await harness.sandbox('forward');
  });
  afterEach(() => harness.end());

  function forward(port: number, connection: ForwardedConnection, signal = never): Promise<void> {
    if (way === 'as the provider does it' || typeof engine === 'string')
      return harness.runtime.portForward(sandbox.id, port, connection, signal);
    const relays = { connect: async () => undefined };
    return forwarding({ engine, relays, clock: wallClock }, sandbox.id, port, connection, signal);
  }

  /** Serves, and says so. */
  async function serve(script: string): Promise<void> {
    const run = await harness.start(sandbox, shell('server', `${script} & sleep 0.2; echo ready; wait`));
    await harness.log(sandbox, run, { follow: true }, /ready/);
  }

  it('reaches what listens on loopback only', async () => {
    await serve('mkdir /www; echo hello > /www/a; httpd -f -p 127.0.0.1:8080 -h /www');
    const [near, far] = await connectionPair();
    const forwarded = forward(8080, far);
    near.end('GET /a HTTP/1.0\r\n\r\n');
    expect((await buffer(near)).toString()).toMatch(/^HTTP\/1\.[01] 200 OK.*\r\n\r\nhello\n$/s);
    await forwarded;
  });

  it('passes an end on as an end, and carries every byte, 20 times at once', async () => {
    await serve('nc -ll -p 8080 -e cat');
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const bytes = Buffer.alloc(300_000 + index, `${index} `);
        const [near, far] = await connectionPair();
        const forwarded = forward(8080, far);
        near.end(bytes);
        expect((await buffer(near)).equals(bytes)).toBe(true);
        await forwarded;
      }),
    );
  });

  it('says that nobody listens, and breaks the connection', async () => {
    const [near, far] = await connectionPair();
    await expect(forward(8081, far)).rejects.toMatchObject({
      message: 'failed to connect to localhost:8081 inside the sandbox: connection refused',
    });
    expect(far.destroyed).toBe(true);
    near.destroy();
  });

  it('leaves nothing in the sandbox when the signal fires, or the client goes', async () => {
    const port = 20_000 + (process.pid % 10_000);
    await serve(`nc -ll -p ${port} -e sh -c "echo begun; exec sleep 600"`);
    const leave = new AbortController();
    const [near, far] = await connectionPair();
    const aborted = forward(port, far, leave.signal);
    await new Promise((resolve) => near.once('data', resolve));
    const [client, gone] = await connectionPair();
    const left = forward(port, gone);
    await new Promise((resolve) => client.once('data', resolve));
    expect(relays(port)).toBeGreaterThanOrEqual(4);
    leave.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(far.destroyed).toBe(true);
    client.resetAndDestroy();
    await expect(left).rejects.toMatchObject({ kind: 'Retryable' });
    await expect.poll(() => relays(port), { timeout: 30_000 }).toBe(0);
    near.destroy();
  });

  it('leaves nothing when a client goes that has ended its side', async () => {
    const port = 40_000 + (process.pid % 10_000);
    await serve(`nc -ll -p ${port} -e yes`);
    const [client, gone] = await connectionPair();
    const left = forward(port, gone);
    client.end();
    await new Promise((resolve) => client.once('data', resolve));
    client.resetAndDestroy();
    await expect(left).rejects.toMatchObject({ kind: 'Retryable' });
    await expect.poll(() => relays(port), { timeout: 30_000 }).toBe(0);
  });

  it('is refused where the sandbox is no more', async () => {
    await harness.runtime.removeSandbox(sandbox.id, never);
    const [near, far] = await connectionPair();
    await expect(forward(80, far)).rejects.toMatchObject({ kind: 'NotFound' });
    near.destroy();
  });
});

/** Processes on this machine that connect to the port. */
function relays(port: number): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').endsWith(`/connect\0${port}\0`);
    } catch {
      return false;
    }
  }).length;
}
