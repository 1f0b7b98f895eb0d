import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  ProcessStreams,
  RuntimeContainer,
  SandboxState,
  TerminalSize,
} from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { isLacking, isPodman } from './engine-kinds.ts';
import { forever, Harness, never, shell } from './harness.ts';
import { Kept, streams, typed } from './stream-ends.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('exec', () => {
  let harness: Harness;
  let sandbox: SandboxState;
  let run: RuntimeContainer;

  beforeAll(async () => {
    harness = new Harness(`exec-${process.pid}`);
    sandbox = await harness.sandbox('exec');
    run = await harness.start(sandbox, shell('main', forever));
  });
  afterAll(() => harness.end());

  function exec(
    command: readonly string[],
    ends: ProcessStreams,
    options: { readonly tty?: boolean; readonly signal?: AbortSignal; readonly of?: RuntimeContainer } = {},
  ): Promise<number> {
    const { tty = false, signal = never, of = run } = options;
    return harness.runtime.exec(sandbox.id, of.id, { command, tty }, ends, signal);
  }

  const sh = (script: string, ends: ProcessStreams, options = {}) =>
    exec(['sh', '-c', script], ends, options);

  /** How many processes in the container have this in their command line. */
  async function processes(mark: string): Promise<number> {
    const kept = new Kept();
    await exec(['ps', '-o', 'args'], streams(kept));
    return kept.out.split('\n').filter((line) => line.includes(mark)).length;
  }

  /** On a busy machine a killed process takes its time. */
  async function vanished(mark: string): Promise<void> {
    await expect.poll(() => processes(mark), { timeout: 30_000 }).toBe(0);
  }

  it('gives the exact code and keeps both outputs apart', async () => {
    for (const code of [0, 3, 137, 255]) {
      const kept = new Kept();
      expect(await sh(`echo out; echo err >&2; exit ${code}`, streams(kept))).toBe(code);
      expect([kept.out, kept.err]).toEqual(['out\n', 'err\n']);
    }
    expect(await sh('kill -9 $$', {})).toBe(137);
  });

  it('passes input on, and its end', async () => {
    const kept = new Kept();
    const stdin = typed();
    const code = sh('read a; echo "got $a"; cat; echo closed', streams(kept, { stdin }));
    stdin.write('one\n');
    await kept.until(/got one/);
    stdin.end('two\n');
    expect(await code).toBe(0);
    expect(kept.out).toBe('got one\ntwo\nclosed\n');
    const empty = new Kept();
    expect(await exec(['cat'], streams(empty, { stdin: Readable.from([]) }))).toBe(0);
  });

  it.skipIf(isLacking('ends-with-unread-input'))('does not need all of its input to be read', async () => {
    const kept = new Kept();
    const stdin = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65536, 'x');
      })(),
    );
    expect(await sh('head -c 3; echo; seq 1 20000; exit 5', streams(kept, { stdin }))).toBe(5);
    expect(kept.out.split('\n')).toHaveLength(20_002);
    stdin.destroy();
  });

  it('has a terminal of the size that it is told, first and later', async () => {
    const kept = new Kept();
    const stdin = typed();
    let tell = (_size: TerminalSize | undefined): void => {};
    async function* sizes() {
      yield { width: 100, height: 30 };
      const next = await new Promise<TerminalSize | undefined>((resolve) => {
        tell = resolve;
      });
      if (next) yield next;
    }
    const script = 'tty; while [ ! -e /tmp/enough ]; do stty size; sleep 0.05; done; exit 4';
    const code = sh(script, { stdout: kept.stdout, stdin, sizes: sizes() }, { tty: true });
    await kept.until(/\/dev\/pts.*30 100/s);
    tell({ width: 132, height: 50 });
    await kept.until(/50 132/);
    await sh('touch /tmp/enough', {});
    expect(await code).toBe(4);
  });

  it('goes on after the input of a terminal has ended', async () => {
    const kept = new Kept();
    const ends = { stdout: kept.stdout, stdin: Readable.from(['typed\n']) };
    expect(await sh('read a; sleep 0.3; echo "got $a"; exit 2', ends, { tty: true })).toBe(2);
    expect(kept.out).toContain('got typed');
  });

  it('says why a command cannot be started, where errors belong', async () => {
    const missing = new Kept();
    expect(await exec(['no-such-command'], streams(missing))).toBe(127);
    expect(missing.out).toBe('');
    expect(missing.err).toMatch(
      isPodman
        ? /runc: exec failed: .*"no-such-command": executable file not found.*\n/
        : /^OCI runtime exec failed: .*"no-such-command": executable file not found.*\n$/,
    );
    const folder = new Kept();
    expect(await exec(['/tmp'], { stdout: folder.stdout }, { tty: true })).toBe(126);
    expect(folder.out).toMatch(isPodman ? /permission denied.*\n$/ : /permission denied.*\r\n$/);
    const honest = new Kept();
    expect(await sh('echo OCI runtime exec failed: no; exit 126', streams(honest))).toBe(126);
    expect([honest.out, honest.err]).toEqual(['OCI runtime exec failed: no\n', '']);
  });

  it('ends with its container, and is refused where nothing runs', async () => {
    const of = await harness.start(sandbox, shell('other', forever));
    const kept = new Kept();
    const code = sh('echo begun; sleep 600', streams(kept), { of });
    await kept.until(/begun/);
    await harness.stop(sandbox, of, 1);
    expect(await code).toBeGreaterThan(0);
    await harness.exit(sandbox, of);
    await expect(exec(['true'], {}, { of })).rejects.toMatchObject({ kind: 'NotFound' });
    await harness.runtime.removeContainer(sandbox.id, of.id, never);
    await expect(exec(['true'], {}, { of })).rejects.toMatchObject({ kind: 'NotFound' });
  });

  it('is killed with all it has left behind when the signal fires', async () => {
    const leave = new AbortController();
    const kept = new Kept();
    const script = 'sleep 711 & sh -c "sleep 712; true" & echo begun; sleep 713';
    const code = sh(script, streams(kept), { signal: leave.signal });
    await kept.until(/begun/);
    expect(await processes('sleep 71')).toBeGreaterThanOrEqual(3);
    leave.abort(new Error('enough'));
    await expect(code).rejects.toThrow('enough');
    await vanished('sleep 71');
  });

  it.skipIf(isLacking('starts-no-abandoned-command'))(
    'is killed when it was only being started',
    async () => {
      for (let wait = 0; wait < 12; wait++) {
        const leave = new AbortController();
        const code = sh('sleep 721; true', {}, { signal: leave.signal });
        const timer = setTimeout(() => leave.abort(new Error('enough')), wait * 10);
        await expect(code).rejects.toThrow('enough');
        clearTimeout(timer);
      }
      await vanished('sleep 721');
    },
  );

  it('takes half an input for no input', async () => {
    const kept = new Kept();
    const stdin = typed();
    const code = sh(
      'echo begun; cat > /tmp/file; echo whole > /tmp/whole; sleep 731',
      streams(kept, { stdin }),
    );
    await kept.until(/begun/);
    stdin.write('half');
    stdin.destroy();
    await expect(code).rejects.toMatchObject({ message: expect.stringContaining('its input broke off') });
    await vanished('731');
    expect(await sh('test -e /tmp/whole', {})).toBe(1);
  });

  it('is killed when nobody takes its output any more', async () => {
    const gone = new Writable({ write: (_data, _encoding, done) => done(new Error('gone')) });
    gone.on('error', () => {});
    await expect(sh('echo 741; exec yes 741', { stdout: gone })).rejects.toMatchObject({ kind: 'Retryable' });
    await vanished('yes 741');
  });

  it('runs many at the same time', async () => {
    const codes = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const kept = new Kept();
        const stdin = Readable.from([`${index}`.repeat(1000)]);
        const code = await sh(`cat; exit ${index}`, streams(kept, { stdin }));
        return [code, kept.out] as const;
      }),
    );
    expect(codes).toEqual(codes.map((_, index) => [index, `${index}`.repeat(1000)]));
  });

  it('carries every byte both ways, as slowly as they are taken', async () => {
    const bytes = Buffer.alloc(8 * 2 ** 20, createHash('sha512').update('seed').digest());
    const hash = createHash('sha256');
    const slow = new Writable({
      write(data: Buffer, _encoding, done) {
        hash.update(data);
        setImmediate(done);
      },
    });
    const stdin = Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += 50_001) yield bytes.subarray(at, at + 50_001);
      })(),
    );
    expect(await sh('cat', { stdin, stdout: slow })).toBe(0);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});
