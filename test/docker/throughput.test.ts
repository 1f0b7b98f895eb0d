import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { duplexPair, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell } from './harness.ts';
import { Kept, streams } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

const megabytes = Number(process.env.BURSTLET_TEST_MEGABYTES ?? 50);
/** How often port-forward and TCP take turns. */
const turns = Number(process.env.BURSTLET_TEST_TURNS ?? 3);
/** It takes more than for a command, or what is measured is how long a connection takes to come about. */
const fold = 4;
const block = Buffer.from('0123456789abcde\n'.repeat(65_536 / 16));
const blocks = Math.ceil((megabytes * 1e6) / block.length);
const bytes = blocks * block.length;
const expected = (() => {
  const hash = createHash('sha256');
  for (let index = 0; index < blocks; index++) hash.update(block);
  return hash.digest('hex');
})();
const printing = `yes 0123456789abcde | head -c ${bytes}`;

/** Prints figures; the bytes and the memory are checked, the times are not. */
describe.skipIf(typeof engine === 'string')('every byte of much', { timeout: 300_000 }, () => {
  let harness: Harness;
  let sandbox: SandboxState;
  let run: RuntimeContainer;

  beforeAll(async () => {
    harness = new Harness(`much-${process.pid}`);
    sandbox = await harness.sandbox('much');
    run = await harness.start(sandbox, shell('main', forever));
  });
  afterAll(() => harness.end());

  function exec(command: readonly string[], ends: Parameters<typeof streams>[1]): Promise<number> {
    return harness.runtime.exec(sandbox.id, run.id, { command, tty: false }, ends ?? {}, never);
  }

  it('comes out of a command', async () => {
    const bare = await timed(async () => {
      const child = spawn('docker', ['exec', run.id, 'sh', '-c', printing], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const sum = new Sum();
      await pipeline(child.stdout, sum);
      expect(sum.hex()).toBe(expected);
    });
    const ours = await timed(async () => {
      const sum = new Sum();
      expect(await exec(['sh', '-c', printing], { stdout: sum })).toBe(0);
      expect(sum.hex()).toBe(expected);
    });
    report('exec out', bare, ours);
  });

  it('goes into a command', async () => {
    const bare = await timed(async () => {
      const child = spawn('docker', ['exec', '-i', run.id, 'sha256sum'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const out = once(child.stdout, 'data');
      await pipeline(input(), child.stdin);
      expect(String((await out)[0])).toBe(`${expected}  -\n`);
    });
    const ours = await timed(async () => {
      const kept = new Kept();
      expect(await exec(['sha256sum'], streams(kept, { stdin: input() }))).toBe(0);
      expect(kept.out).toBe(`${expected}  -\n`);
    });
    report('exec in', bare, ours);
  });

  it('comes from a port, and goes into one', async () => {
    const script = `${printing} > /tmp/much; nc -ll -p 9000 -e cat ${Array(fold).fill('/tmp/much').join(' ')} & nc -ll -p 9001 -e wc -c & sleep 0.3`;
    const serving = await harness.start(sandbox, shell('server', `${script}; echo ready; wait`));
    await harness.log(sandbox, serving, { follow: true }, /ready/);
    const [host = ''] = sandbox.ips;
    const direct = async (port: number, work: (client: Duplex) => Promise<void>): Promise<void> =>
      work(connect({ host, port, allowHalfOpen: true }));
    const forwarded = async (port: number, work: (client: Duplex) => Promise<void>): Promise<void> => {
      const [client, connection] = duplexPair();
      await Promise.all([work(client), harness.runtime.portForward(sandbox.id, port, connection, never)]);
    };
    const out = async (client: Duplex): Promise<void> => {
      const blocks = new Blocks();
      client.end();
      await pipeline(client, blocks);
      expect(blocks.taken).toBe(fold * bytes);
    };
    const into = async (client: Duplex): Promise<void> => {
      const [said] = await Promise.all([text(client), pipeline(input(fold * blocks), client)]);
      expect(Number(said)).toBe(fold * bytes);
    };
    const shares: Record<string, number[]> = { out: [], in: [] };
    for (let turn = 0; turn < turns; turn++) {
      const bareOut = await timed(() => direct(9000, out));
      const oursOut = await timed(() => forwarded(9000, out));
      const bareIn = await timed(() => direct(9001, into));
      const oursIn = await timed(() => forwarded(9001, into));
      report('port-forward out, beside direct TCP', bareOut, oursOut, fold * bytes);
      report('port-forward in, beside direct TCP', bareIn, oursIn, fold * bytes);
      shares.out?.push(bareOut / oursOut);
      shares.in?.push(bareIn / oursIn);
    }
    for (const [way, all] of Object.entries(shares))
      console.log(
        `port-forward ${way}: ${(100 * median(all)).toFixed(0)} % of direct TCP (median of ${turns})`,
      );
  });

  it('is not kept for a slow reader', async () => {
    let taken = 0;
    let growth = 0;
    const before = process.memoryUsage().rss;
    const leave = new AbortController();
    const slow = new Writable({
      write(data: Buffer, _encoding, done) {
        taken += data.length;
        growth = Math.max(growth, process.memoryUsage().rss - before);
        if (taken > 4_000_000) leave.abort(new Error('enough'));
        setTimeout(done, 20);
      },
    });
    const request = { command: ['yes'], tty: false };
    const reading = harness.runtime.exec(sandbox.id, run.id, request, { stdout: slow }, leave.signal);
    await expect(reading).rejects.toThrow('enough');
    console.log(`slow reader: memory grew by ${(growth / 1e6).toFixed(1)} MB`);
    expect(growth).toBeLessThan(64e6);
  });
});

/** Compares with what is expected, which costs less than a checksum. */
class Blocks extends Writable {
  taken = 0;
  override _write(data: Buffer, _encoding: string, done: (error?: Error) => void): void {
    for (let at = 0; at < data.length; ) {
      const from = this.taken % block.length;
      const length = Math.min(block.length - from, data.length - at);
      if (data.compare(block, from, from + length, at, at + length) !== 0) {
        done(new Error(`other bytes than expected after ${this.taken}`));
        return;
      }
      at += length;
      this.taken += length;
    }
    done();
  }
}

class Sum extends Writable {
  readonly #hash = createHash('sha256');
  override _write(data: Buffer, _encoding: string, done: () => void): void {
    this.#hash.update(data);
    done();
  }
  hex(): string {
    return this.#hash.digest('hex');
  }
}

function input(count = blocks): Readable {
  let index = 0;
  return new Readable({
    read() {
      this.push(index++ < count ? block : null);
    },
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function report(what: string, bare: number, ours: number, carried = bytes): void {
  const rate = (seconds: number): string => `${(carried / 1e6 / seconds).toFixed(0)} MB/s`;
  const share = ((100 * bare) / ours).toFixed(0);
  console.log(
    `${what}, ${(carried / 1e6).toFixed(0)} MB: bare ${rate(bare)}, ours ${rate(ours)} (${share} %)`,
  );
}
