import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell } from './harness.ts';
import { connectionPair, Kept, streams } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

const megabytes = Number(process.env.BURSTLET_TEST_MEGABYTES ?? 50);
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

  it('comes from a port', async () => {
    const server = shell('server', `nc -ll -p 9000 -e sh -c '${printing}' & sleep 0.3; echo ready; wait`);
    const serving = await harness.start(sandbox, server);
    await harness.log(sandbox, serving, { follow: true }, /ready/);
    const bare = await timed(async () => {
      const child = spawn('docker', ['exec', run.id, 'nc', '127.0.0.1', '9000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const sum = new Sum();
      await pipeline(child.stdout, sum);
      expect(sum.hex()).toBe(expected);
    });
    const ours = await timed(async () => {
      const [near, far] = await connectionPair();
      const forwarded = harness.runtime.portForward(sandbox.id, 9000, far, never);
      const sum = new Sum();
      near.end();
      await pipeline(near, sum);
      await forwarded;
      expect(sum.hex()).toBe(expected);
    });
    report('port-forward out, beside docker exec nc', bare, ours);
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

function input(): Readable {
  let index = 0;
  return new Readable({
    read() {
      this.push(index++ < blocks ? block : null);
    },
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function report(what: string, bare: number, ours: number): void {
  const rate = (seconds: number): string => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;
  const share = ((100 * bare) / ours).toFixed(0);
  console.log(`${what}, ${(bytes / 1e6).toFixed(0)} MB: bare ${rate(bare)}, ours ${rate(ours)} (${share} %)`);
}
