import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ProviderClock, wallClock } from '../clock.ts';
import { providerErrorKind } from '../errors.ts';
import type { ExecRequest, ProcessStreams, TerminalSize } from '../streams.ts';
import type { RemoteChannel } from './channel.ts';
import { runInShell } from './run-in-shell.ts';
import { LocalChannel, type LocalShell } from './testing/local-channel.ts';

const tools = { clock: wallClock };
/** With what some agents take for a fault of their own. */
const input = Buffer.concat([randomBytes(1 << 18), Buffer.from('\ufffd\0\r\n\x04\x03\xff', 'utf8')]);
const limit = 60_000;

describe('a command through a shell', { timeout: limit }, () => {
  const shells = [['/bin/sh'], ['/bin/bash'], ['/bin/busybox', 'sh']].filter(([file]) =>
    existsSync(file ?? ''),
  );
  for (const shell of shells)
    for (const terminal of shell[0] === '/bin/bash' ? [true] : [true, false])
      describe.concurrent(`of ${shell.join(' ')}, ${terminal ? 'where the platform has only terminals' : 'on pipes'}`, () => {
        const place = { shell, terminal };

        it.each([
          ['exit 0', 0],
          ['exit 3', 3],
          ['kill -KILL $$', 137],
          ['kill -INT $$', 130],
          ['kill 0', 143],
          ['yes | head -n 1 >/dev/null', 0],
        ])('%s is told exactly', async (text, code) => {
          expect(await run(place, sh(text))).toEqual({ code, stdout: '', stderr: '' });
        });

        it('has its outputs apart, unchanged and complete, also beside processes that it leaves behind', async () => {
          const text =
            'sleep 3 & printf "one\\ntwo\\r\\0"; i=0; while [ $i -lt 300 ]; do echo "line $i" >&2; i=$((i+1)); done';
          const { code, stdout, stderr } = await run(place, sh(text));
          expect([code, stdout]).toEqual([0, 'one\ntwo\r\0']);
          expect(stderr.split('\n')).toEqual([...Array.from({ length: 300 }, (_, i) => `line ${i}`), '']);
        });

        it('gets its arguments as they are', async () => {
          const args = ['a\nb\n', "it's", '$x `y` "z"\\', '', '\x1e*ü', 'x'.repeat(20_000)];
          const { stdout } = await run(place, ['printf', '%s|', ...args]);
          expect(stdout).toBe(args.map((arg) => `${arg}|`).join(''));
        });

        it('reads all its input and then its end', async () => {
          const digest = createHash('sha256').update(input).digest('hex');
          const outcome = await run(place, sh('sha256sum; cat; exit 5'), input);
          expect(outcome).toEqual({ code: 5, stdout: `${digest}  -\n`, stderr: '' });
        });

        it('gives back what it gets', async () => {
          const stdout = new Kept();
          const stdin = Readable.from([input]);
          expect(await exec(await LocalChannel.open(place), ['cat'], { stdin, stdout })).toBe(0);
          expect(stdout.bytes.equals(input)).toBe(true);
        });

        it('hears of input at once, not when it ends', async () => {
          const [stdin, stdout] = [new PassThrough(), new Kept()];
          const code = exec(
            await LocalChannel.open(place),
            sh('while read -r x; do echo "<$x>"; done; exit 7'),
            {
              ...{ stdin, stdout },
            },
          );
          for (const word of ['one', 'two']) {
            stdin.write(`${word}\n`);
            await stdout.until(`<${word}>`);
          }
          stdin.end();
          expect(await code).toBe(7);
        });

        it('may be a shell with job control, which takes the terminal that it finds', async () => {
          const [stdin, stdout] = [new PassThrough(), new Kept()];
          const code = exec(await LocalChannel.open(place), ['/bin/bash', '--norc', '-i'], { stdin, stdout });
          for (const word of ['one', 'two']) {
            stdin.write(`echo ${word}\n`);
            await stdout.until(word);
          }
          stdin.end('exit 5\n');
          expect(await code).toBe(5);
        });

        it.each(['exit 4', 'exec <&-; sleep 0.2; exit 4'])(
          'ends without reading its input: %s',
          async (text) => {
            const stdin = new PassThrough();
            stdin.write(input);
            expect(await exec(await LocalChannel.open(place), sh(text), { stdin })).toBe(4);
          },
        );

        it('has no terminal', async () => {
          const text = 'test -t 0 || test -t 1 || test -t 2 || echo none; cat';
          expect((await run(place, sh(text))).stdout).toBe('none\n');
        });

        it('that cannot be started is 126 or 127, with the reason', async () => {
          for (const [command, code] of [
            ['no-such-command', 127],
            ['/', 126],
          ] as const) {
            const outcome = await run(place, [command]);
            expect(outcome).toMatchObject({ code, stdout: '' });
            expect(outcome.stderr).toContain(command);
          }
        });

        it('is killed with its children when the signal fires, whatever it ignores and does not read', async () => {
          const abort = new AbortController();
          const [stdin, stdout] = [new PassThrough(), new Kept()];
          stdin.write(input);
          const channel = await LocalChannel.open(place);
          const text = 'trap "" HUP INT TERM; sleep 1000 & echo "$$ $! up"; while :; do sleep 1; done';
          const ended = exec(channel, sh(text), { stdin, stdout }, abort.signal);
          await stdout.until(' up\n');
          abort.abort(new Error('the client has left'));
          await expect(ended).rejects.toThrow('the client has left');
          expect(channel.isClosed).toBe(true);
          for (const pid of stdout.text.split(' ').slice(0, 2).map(Number)) await endOf(pid);
        });

        it('may leave something in the background, which lives on', async () => {
          const channel = await LocalChannel.open(place);
          const stdout = new Kept();
          const text = 'nohup sleep 1000 >/dev/null 2>&1 & echo $!';
          expect(await exec(channel, sh(text), { stdout })).toBe(0);
          await endOf(channel.pid);
          expect(process.kill(Number(stdout.text), 'SIGKILL')).toBe(true);
        });

        it('is lost with its session, which is no exit code', async () => {
          const stdout = new Kept();
          const channel = await LocalChannel.open(place);
          const ended = exec(channel, sh('trap "" HUP; echo "$$ up"; sleep 1000; exit'), { stdout });
          await stdout.until(' up\n');
          process.kill(-channel.pid, 'SIGKILL');
          await expect(ended).rejects.toThrow('the session ended before the command did');
          expect(await ended.catch(providerErrorKind)).toBe('Retryable');
          await endOf(Number.parseInt(stdout.text, 10));
        });
      });

  it.skipIf(!existsSync('/usr/bin/setsid'))(
    'does not outlive a session that is killed before all of its shells are there',
    async () => {
      const tools = await mkdtemp(path.join(os.tmpdir(), 'burstlet-slow-'));
      const slow = '#!/bin/sh\ncase $* in *"what pid"*) sleep 1;; esac\nexec /usr/bin/setsid "$@"\n';
      await writeFile(path.join(tools, 'setsid'), slow, { mode: 0o755 });
      const stdout = new Kept();
      const channel = await LocalChannel.open({ terminal: true, path: `${tools}:${process.env.PATH}` });
      const ended = exec(channel, sh('trap "" HUP; echo "$$ up"; sleep 1000; exit'), { stdout });
      await stdout.until(' up\n');
      process.kill(-channel.pid, 'SIGKILL');
      await expect(ended).rejects.toThrow('the session ended before the command did');
      await endOf(Number.parseInt(stdout.text, 10));
      await rm(tools, { recursive: true });
    },
  );

  for (const shell of shells)
    describe(`of ${shell.join(' ')} on a terminal`, () => {
      const place = { shell, terminal: true };

      it('has one, with its sizes, and nothing of the shell on it', async () => {
        const stdout = new Kept();
        const text =
          'test -t 0 && test -t 1 && echo "on a terminal"; until stty size | grep -q "30 100"; do sleep 0.05; done; kill -KILL $$';
        const code = await exec(
          await LocalChannel.open(place),
          sh(text),
          { stdin: new PassThrough(), stdout, sizes: sizes() },
          undefined,
          true,
        );
        expect([code, stdout.text]).toEqual([137, 'on a terminal\r\n']);
      });

      it('takes Ctrl-C and Ctrl-D as its own', async () => {
        const [stdin, stdout] = [new PassThrough(), new Kept()];
        const code = exec(
          await LocalChannel.open(place),
          sh('trap "echo caught" INT; echo up; while :; do read -r x || exit 9; echo "<$x>"; done'),
          { stdin, stdout, sizes: sizes() },
          undefined,
          true,
        );
        await stdout.until('up');
        stdin.write('\x04');
        expect(await code).toBe(9);
        const interrupted = new Kept();
        const other = new PassThrough();
        const second = exec(
          await LocalChannel.open(place),
          sh('trap "exit 8" INT; echo up; while :; do sleep 0.1; done'),
          { stdin: other, stdout: interrupted, sizes: sizes() },
          undefined,
          true,
        );
        await interrupted.until('up');
        other.write('\x03');
        expect(await second).toBe(8);
      });
    });
});

describe('without what exec needs', { timeout: limit }, () => {
  const bare = ['/usr/bin/env', 'PATH=/nowhere', '/bin/sh'];

  it.each<[string, LocalShell, string]>([
    [
      'a shell',
      { command: ['/bin/echo', 'exec: /bin/sh: not\x1b found'] },
      'needs /bin/sh; it was told: exec: /bin/sh: not found',
    ],
    ['stty', { shell: bare, terminal: true }, 'needs stty, and the image has none'],
    ['dd', { shell: bare }, 'needs dd, and the image has none'],
  ])('an image without %s is Unsupported, and told', async (_, place, words) => {
    const failed = run(place, ['true']);
    await expect(failed).rejects.toThrow(words);
    expect(await failed.catch(providerErrorKind)).toBe('Unsupported');
  });
});

describe('a channel', () => {
  it('may have anything before the command, and break that apart', async () => {
    const channel = await LocalChannel.open();
    const noisy: RemoteChannel = {
      output: noise(channel.output),
      write: (bytes) => channel.write(bytes),
      close: () => channel.close(),
    };
    const stdout = new Kept();
    expect(await exec(noisy, ['echo', 'hi'], { stdout })).toBe(0);
    expect(stdout.text).toBe('hi\n');
  });

  it('that breaks is an error, after some output too', async () => {
    const { output, written, channel } = scripted();
    const ended = exec(channel, ['true'], {});
    output.write('\x1eburstlet:pipe\x1e');
    const mark = /_bl_m='([^']+)'/.exec(await written)?.[1];
    output.write(`${mark}b;some`);
    output.destroy(new Error('reset'));
    await expect(ended).rejects.toThrow('reset');
  });

  it('that says nothing is given up', async () => {
    const alarms: (() => void)[] = [];
    const clock: ProviderClock = {
      now: () => 0,
      schedule(_, alarm) {
        alarms.push(alarm);
        return () => undefined;
      },
    };
    const { channel, isClosed } = scripted();
    const streams = {};
    const ended = runInShell(channel, { command: ['true'], tty: false }, streams, { clock }, never);
    for (const alarm of alarms) alarm();
    await expect(ended).rejects.toThrow('the shell in the container does not answer');
    expect(isClosed()).toBe(true);
  });

  it('is closed when its output is wanted no more, and when the input breaks off', async () => {
    for (const [broken, script, words] of [
      ['stdout', 'while :; do echo up; sleep 0.05; done', 'nobody takes the output'],
      ['stdin', 'echo up; cat', 'the input broke off'],
    ] as const) {
      const channel = await LocalChannel.open();
      const streams = { stdout: new Kept(), stdin: new PassThrough() };
      const ended = exec(channel, sh(script), streams);
      await streams.stdout.until('up');
      streams[broken].destroy();
      await expect(ended).rejects.toThrow(words);
      expect(channel.isClosed).toBe(true);
    }
  });

  it('is not asked for anything when the signal has fired already', async () => {
    const { channel, isClosed } = scripted();
    await expect(exec(channel, ['true'], {}, AbortSignal.abort(new Error('too late')))).rejects.toThrow(
      'too late',
    );
    expect(isClosed()).toBe(true);
  });
});

const never = new AbortController().signal;

function sh(script: string): readonly string[] {
  return ['/bin/sh', '-c', script];
}

function exec(
  channel: RemoteChannel,
  command: ExecRequest['command'],
  streams: ProcessStreams,
  signal = never,
  tty = false,
): Promise<number> {
  const ended = runInShell(channel, { command, tty }, streams, tools, signal);
  ended.catch(() => undefined);
  return ended;
}

async function run(place: LocalShell, command: readonly string[], bytes?: Buffer) {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const stdin = bytes && Readable.from([bytes]);
  const code = await exec(await LocalChannel.open(place), command, {
    stdout,
    stderr,
    ...(stdin && { stdin }),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Kept extends Writable {
  readonly #parts: Buffer[] = [];
  #look = (): void => undefined;

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get text(): string {
    return this.bytes.toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(chunk);
    this.#look();
    done();
  }

  until(part: string): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => void (this.text.includes(part) && resolve());
      this.#look();
    });
  }
}

async function* sizes(): AsyncGenerator<TerminalSize> {
  yield { width: 80, height: 24 };
  yield { width: 100, height: 30 };
}

/** Resolves when there is no such process, or only what is left of one. */
async function endOf(pid: number): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) [ZX]/.test(stat)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Byte by byte, with a banner before. */
async function* noise(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from('\nStarting session with SessionId: ecs-execute-command-0a\n\x1eburst');
  for await (const chunk of output) for (const byte of chunk) yield Buffer.from([byte]);
}

/** A channel whose other side is the test. */
function scripted() {
  const output = new PassThrough();
  const written = Promise.withResolvers<string>();
  let closed = false;
  const channel: RemoteChannel = {
    output,
    async write(bytes) {
      written.resolve(bytes.toString());
    },
    close() {
      closed = true;
      output.end();
    },
  };
  return { channel, output, written: written.promise, isClosed: () => closed };
}
