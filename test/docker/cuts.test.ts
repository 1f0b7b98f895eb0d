import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { testEngine } from './engine.ts';
import { forever, Harness, never, shell } from './harness.ts';
import { Kept, streams } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));
const socket = process.env.DOCKER_HOST?.startsWith('unix://') ? process.env.DOCKER_HOST.slice(7) : undefined;
const rounds = Number(process.env.BURSTLET_TEST_CUTS ?? 40);

describe.skipIf(typeof engine === 'string' || !socket)('a connection that is cut', () => {
  let proxy: CuttingProxy;
  let harness: Harness;
  let sandbox: SandboxState;
  let run: RuntimeContainer;

  beforeEach(async () => {
    proxy = new CuttingProxy(socket ?? '');
    harness = new Harness(`cuts-${process.pid}`, { host: proxy.host });
    sandbox = await harness.sandbox('cuts');
    run = await harness.start(sandbox, shell('main', forever));
  });
  afterEach(async () => {
    proxy.cutAfter = undefined;
    await harness.end();
    proxy.close();
  });

  async function exec(script: string, kept: Kept, input?: Readable): Promise<number> {
    const request = { command: ['sh', '-c', script], tty: false };
    const ends = streams(kept, input === undefined ? {} : { stdin: input });
    return harness.runtime.exec(sandbox.id, run.id, request, ends, never);
  }

  it(`never ends well, and leaves nothing behind (${rounds} times)`, { timeout: 600_000 }, async () => {
    // Some end by themselves right after their output, some go on, some wait for input.
    const scripts = ['seq 1 200000; : cut-me', 'seq 1 50000; sleep 85; : cut-me', 'cat; sleep 85; : cut-me'];
    const input = () => Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(16_384, 'x')));
    const random = sequence(20261122);
    const outcomes = { code: 0, lost: 0 };
    for (let round = 0; round < rounds; round++) {
      proxy.cutAfter = 1 + Math.floor(random() * 250_000);
      const kept = new Kept();
      try {
        const code = await exec(scripts[round % scripts.length] ?? '', kept, input());
        expect({ round, code, whole: proxy.seen < proxy.cutAfter }).toEqual({ round, code, whole: true });
        outcomes.code++;
      } catch (error) {
        if (!(error instanceof Error) || !('kind' in error)) throw error;
        expect(error).toMatchObject({ kind: 'Retryable' });
        outcomes.lost++;
      }
    }
    proxy.cutAfter = undefined;
    const left = async (): Promise<string[]> => {
      const kept = new Kept();
      await exec('ps -o args', kept);
      return kept.out.split('\n').filter((line) => /cut-me|sleep 85/.test(line));
    };
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
    expect(outcomes).toEqual({ code: 0, lost: rounds });
  });
});

/** mulberry32 */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
