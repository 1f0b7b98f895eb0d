import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessStreams, RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { isLacking } from './engine-kinds.ts';
import { Harness, never, shell } from './harness.ts';
import { Kept, streams, typed } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

/** Answers each line of its input, and says when that ends. */
const answering = 'while read a; do echo "got $a"; echo "err $a" >&2; done; echo closed; exec sleep 600';

describe.skipIf(typeof engine === 'string')('attach', () => {
  let harness: Harness;
  let sandbox: SandboxState;
  let count = 0;

  beforeEach(async () => {
    count += 1;
    harness = new Harness(`attach-${process.pid}-${count}`);
    sandbox = await harness.sandbox('attach');
  });
  afterEach(() => harness.end());

  function attach(run: RuntimeContainer, ends: ProcessStreams, signal = never): Promise<void> {
    return harness.runtime.attach(sandbox.id, run.id, ends, signal);
  }

  it.skipIf(isLacking('keeps-input-open'))(
    'gives several sessions the same output, and takes input from each',
    async () => {
      const run = await harness.start(sandbox, shell('main', answering, { stdin: true }));
      const leave = new AbortController();
      const [one, two] = [new Kept(), new Kept()];
      const [first, second] = [typed(), typed()];
      const sessions = [
        attach(run, streams(one, { stdin: first }), leave.signal),
        attach(run, streams(two, { stdin: second })),
      ];
      first.write('1\n');
      await one.until(/got 1.*err 1/s);
      second.write('2\n');
      await Promise.all([one.until(/got 2.*err 2/s), two.until(/got 2.*err 2/s)]);
      expect(two.err).toContain('err 2\n');
      leave.abort(new Error('enough'));
      await expect(sessions[0]).rejects.toThrow('enough');
      second.write('3\n');
      await two.until(/got 3/);
      // Without stdinOnce the end of the input is that of the session, and the process hears nothing of it.
      second.end();
      await sessions[1];
      const three = new Kept();
      const third = typed();
      const last = attach(run, streams(three, { stdin: third }));
      third.write('4\n');
      await three.until(/got 4/);
      await harness.stop(sandbox, run, 1);
      await last;
      expect(three.out).not.toContain('closed');
      expect((await harness.log(sandbox, run)).filter((line) => line.startsWith('got'))).toHaveLength(4);
    },
  );

  it('closes the input of a stdinOnce container with the first session, which goes on', async () => {
    const main = shell('main', `${answering.replace('exec sleep 600', 'sleep 1; echo end; exit 3')}`, {
      stdin: true,
      stdinOnce: true,
    });
    const run = await harness.start(sandbox, main);
    const kept = new Kept();
    await attach(run, streams(kept, { stdin: Readable.from(['a\n', 'b\n']) }));
    expect(kept.out).toBe('got a\ngot b\nclosed\nend\n');
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 3 });
  });

  it('loses nothing up to the end of the process', async () => {
    const main = shell('main', 'read go; seq 1 30000; echo last >&2', { stdin: true });
    const run = await harness.start(sandbox, main);
    const kept = new Kept();
    const stdin = typed();
    const session = attach(run, streams(kept, { stdin }));
    stdin.write('go\n');
    await session;
    expect(kept.out.split('\n').slice(-3)).toEqual(['29999', '30000', '']);
    expect(kept.out.split('\n')).toHaveLength(30_001);
    expect(kept.err).toBe('last\n');
  });

  it('gives a container without stdin no input', async () => {
    const run = await harness.start(sandbox, shell('main', 'cat; echo done; sleep 1'));
    const kept = new Kept();
    const stdin = typed();
    const session = attach(run, streams(kept, { stdin }));
    stdin.end('lost\n');
    await session;
    expect(kept.out).not.toContain('lost');
  });

  it('has a terminal where the container has one, of the size that it is told', async () => {
    const script = 'while :; do stty size; read -t 1 a && echo "got $a"; done';
    const run = await harness.start(sandbox, shell('main', script, { stdin: true, tty: true }));
    const kept = new Kept();
    const stdin = typed();
    const leave = new AbortController();
    async function* sizes() {
      yield { width: 101, height: 31 };
    }
    const ends = { stdout: kept.stdout, stdin, sizes: sizes() };
    const session = attach(run, ends, leave.signal);
    await kept.until(/31 101/);
    stdin.write('typed\n');
    await kept.until(/got typed\r\n/);
    expect(kept.err).toBe('');
    leave.abort(new Error('enough'));
    await expect(session).rejects.toThrow('enough');
    await harness.stop(sandbox, run, 1);
    await harness.exit(sandbox, run);
    const lines = await harness.log(sandbox, run);
    expect(lines.some((line) => line.startsWith('got typed'))).toBe(true);
  });

  it.skipIf(isLacking('refuses-late-sessions'))(
    'is refused where nothing runs, and ends however late it was begun',
    async () => {
      const run = await harness.start(sandbox, shell('main', 'sleep 0.3'));
      // Some of these are begun in the very moment in which the process ends.
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, index) => {
          await new Promise((resolve) => setTimeout(resolve, index * 25));
          await attach(run, streams(new Kept()));
        }),
      );
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      for (const outcome of refused) expect(outcome).toMatchObject({ reason: { kind: 'NotFound' } });
      expect(refused.length).toBeLessThan(20);
      await expect(attach(run, {})).rejects.toMatchObject({ kind: 'NotFound' });
    },
  );
});
