import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ProcessStreams } from '../../../../providers/contract/index.ts';
import type { Status } from '../../../kube/types.ts';
import { FakeClock } from '../../../telemetry/fake-clock.ts';
import { silentLog } from '../../../telemetry/log.ts';
import type { CommandClient } from './client.ts';
import { runCommandSession } from './command-session.ts';
import { TerminalSizes } from './terminal-sizes.ts';

class FakeClient implements CommandClient {
  readonly #gone = new AbortController();
  readonly streams: ProcessStreams = {};
  readonly told: Status[] = [];
  /** What it does when it is told the status. */
  takes: () => Promise<void> = async () => undefined;

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  async finish(status: Status): Promise<void> {
    this.told.push(status);
    await this.takes();
  }

  destroy(): void {
    this.#gone.abort();
  }
}

const forever = new Promise<never>(() => undefined);

function session(run: (streams: ProcessStreams, signal: AbortSignal) => Promise<number>) {
  const [clock, client, server] = [new FakeClock(), new FakeClient(), new AbortController()];
  let ended = false;
  const deps = { clock, log: silentLog, client, closing: server.signal };
  const done = runCommandSession(deps, { kind: 'exec', run }).then(() => {
    ended = true;
  });
  return { clock, client, server, done, ended: () => ended };
}

describe('a session', () => {
  test('of a silent command stays open for as long as it takes', async () => {
    const { clock, client, ended } = session(() => forever);
    await clock.advance(48 * 3_600_000);
    expect(ended()).toBe(false);
    client.destroy();
  });

  test('ends when the client leaves, though its provider does not care', async () => {
    const { clock, client, done } = session(() => forever);
    client.destroy();
    await clock.advance(2_000);
    await done;
    expect(client.told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('tells the client why when the server closes, and does not wait for ever', async () => {
    const { clock, client, server, done } = session(() => forever);
    client.takes = () => new Promise((resolve) => client.gone.addEventListener('abort', () => resolve()));
    server.abort();
    await clock.advance(2_000);
    expect(client.told).toMatchObject([
      { reason: 'InternalError', message: expect.stringContaining('the API of the node is closing') },
    ]);
    await clock.advance(2_000);
    await done;
    expect(clock.pending).toBe(0);
  });

  test('that is told to end reports no success, whatever the provider makes of it', async () => {
    const { client, server, done } = session(
      (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(0))),
    );
    server.abort();
    await done;
    expect(client.told).toMatchObject([{ status: 'Failure' }]);
  });

  test('that begins while the server closes runs nothing', async () => {
    const [clock, client] = [new FakeClock(), new FakeClient()];
    let ran = false;
    const run = async () => {
      ran = true;
      return 0;
    };
    const deps = { clock, log: silentLog, client, closing: AbortSignal.abort() };
    await runCommandSession(deps, { kind: 'exec', run });
    expect(ran).toBe(false);
    expect(client.told).toMatchObject([{ status: 'Failure' }]);
  });
});

describe('sizes of a terminal', () => {
  test('come in any pieces, in any case, and only the newest waits', async () => {
    const source = new PassThrough();
    const sizes = new TerminalSizes(source)[Symbol.asyncIterator]();
    const first = sizes.next();
    source.write('{"Width":80,"Hei');
    source.write('ght":24}');
    expect((await first).value).toEqual({ width: 80, height: 24 });
    source.write('{"width":1,"height":2}{"nonsense":1}\n{"Height":4, "Width":3}');
    await new Promise(setImmediate);
    expect((await sizes.next()).value).toEqual({ width: 3, height: 4 });
    source.write(`{"Width":99999,"Height":1}{"Width":${'9'.repeat(5_000)}`);
    source.end('{"Width":5,"Height":6}');
    expect((await sizes.next()).value).toEqual({ width: 5, height: 6 });
    expect((await sizes.next()).done).toBe(true);
  });

  test('end with a stream that breaks', async () => {
    const source = new PassThrough();
    source.on('error', () => undefined);
    const next = new TerminalSizes(source)[Symbol.asyncIterator]().next();
    source.destroy(new Error('lost'));
    expect((await next).done).toBe(true);
  });
});
