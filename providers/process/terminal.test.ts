import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import type { ProcessStreams, TerminalSize } from '../contract/streams.ts';
import { createProcessTable } from './process-table.ts';
import { spawnInTerminal } from './shim/terminal.ts';
import { findTerminalHelper } from './terminal-helper.ts';
import { Harness, never, shell, temporaryState } from './testing/harness.ts';
import { openInput, Sink } from './testing/streams.ts';

const state = temporaryState();
const harness = new Harness(state.folder, 'node');
let sandbox: SandboxState;
let container: RuntimeContainer;

beforeAll(async () => {
  sandbox = await harness.sandbox('terminal');
  container = await harness.start(sandbox, shell('main', 'exec sleep 1000'));
});

afterAll(async () => {
  await harness.removeAll();
  await harness.close();
  await state.remove();
});

function exec(script: string, streams: ProcessStreams, signal = never): Promise<number> {
  const request = { command: ['sh', '-c', script], tty: true };
  return harness.runtime.exec(sandbox.id, container.id, request, streams, signal);
}

/** Sizes that a test sends one by one. */
class Sizes implements AsyncIterable<TerminalSize> {
  #next = Promise.withResolvers<TerminalSize>();

  send(width: number, height: number): void {
    this.#next.resolve({ width, height });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TerminalSize> {
    for (;;) {
      const size = await this.#next.promise;
      this.#next = Promise.withResolvers();
      yield size;
    }
  }
}

describe.skipIf(process.platform !== 'linux')('exec with a terminal', () => {
  test('all three streams are one terminal, of the size that was asked for, with a type', async () => {
    const stdout = new Sink();
    const sizes = new Sizes();
    sizes.send(133, 41);
    const script = 'test -t 0 && test -t 1 && test -t 2 && tty && stty size && echo $TERM >&2; exit 7';
    expect(await exec(script, { stdin: openInput(), stdout, stderr: new Sink(), sizes })).toBe(7);
    expect(stdout.text).toMatch(/^\/dev\/pts\/\d+\r\n41 133\r\nxterm\r\n$/);
  });

  test('a new size reaches the programs on it', async () => {
    const stdout = new Sink();
    const sizes = new Sizes();
    sizes.send(80, 24);
    const script = 'trap "stty size; exit 3" WINCH; stty size; while :; do sleep 0.05; done';
    const ended = exec(script, { stdin: openInput(), stdout, sizes });
    await stdout.until(/24 80/);
    sizes.send(100, 50);
    expect(await ended).toBe(3);
    expect(stdout.text).toBe('24 80\r\n50 100\r\n');
  });

  test('a command that does not read what is typed holds up nobody else', async () => {
    const stdout = new Sink();
    const leave = new AbortController();
    const stdin = openInput();
    const ended = exec('stty raw -echo; echo ready; sleep 1000', { stdin, stdout }, leave.signal);
    await stdout.until(/ready/);
    stdin.push(Buffer.alloc(2 ** 20, 'x'));
    const other = new Sink();
    expect(await exec('echo here', { stdout: other })).toBe(0);
    expect(other.text).toBe('here\r\n');
    leave.abort(new Error('left'));
    await expect(ended).rejects.toThrow('left');
  });

  test('what is typed is echoed; ^C interrupts, the end of the input is ^D', async () => {
    const stdout = new Sink();
    const stdin = openInput();
    const ended = exec('PS1="> " exec sh -i', { stdin, stdout });
    await stdout.until(/> $/);
    stdin.push('echo st""arted; sleep 1000\n');
    await stdout.until(/started\r\n/);
    // The shell itself ignores it in the moment in which it makes way for the command.
    const pressing = setInterval(() => stdin.push('\x03'), 200);
    await stdout.until(/\^C.*> $/s).finally(() => clearInterval(pressing));
    stdin.push('echo $((6 * 7))\n');
    await stdout.until(/42/);
    stdin.push(null);
    expect(await ended).toBe(0);
  });

  test('a background process that ignores the hang-up does not hold up the end', async () => {
    const stdout = new Sink();
    expect(await exec('trap "" HUP; sleep 1000 & echo $!', { stdout })).toBe(0);
    process.kill(Number(stdout.text), 'SIGKILL');
  });

  test('a command that cannot be started is told on the only output', async () => {
    const stdout = new Sink();
    const request = { command: ['no-such-command'], tty: true };
    expect(await harness.runtime.exec(sandbox.id, container.id, request, { stdout }, never)).toBe(127);
    expect(stdout.text).toContain('executable file not found in $PATH');
  });

  test('when the signal fires, all that runs in the session is killed', async () => {
    const stdout = new Sink();
    const abort = new AbortController();
    const script = 'set -m; trap "" HUP TERM; sleep 1000 & echo "job $!"; wait';
    const ended = exec(script, { stdin: openInput(), stdout }, abort.signal);
    await stdout.until(/job \d+/);
    abort.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    const job = createProcessTable().read(Number(/job (\d+)/.exec(stdout.text)?.[1]));
    expect(job?.ended ?? true).toBe(true);
  });
});

describe.skipIf(process.platform !== 'linux')('a container with a terminal', () => {
  test('logs what appears on it, and is worked with by whoever is attached', async () => {
    const spec = shell('tty', 'stty size; PS1="> " exec sh -i', { tty: true, stdin: true });
    const run = await harness.start(sandbox, spec);
    const stdout = new Sink();
    const stdin = openInput();
    const sizes = new Sizes();
    sizes.send(120, 30);
    const ended = harness.runtime.attach(sandbox.id, run.id, { stdin, stdout, sizes }, never);
    stdin.push('stty size; echo $((6 * 7))\n');
    await stdout.until(/30 120\r\n42\r\n/);
    stdin.push('exit 5\n');
    await ended;
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 5 });
    expect((await harness.log(sandbox, run)).join('\n')).toContain('42\r');
  });

  test('with stdinOnce it gets ^D at the end of the first session', async () => {
    const run = await harness.start(
      sandbox,
      shell('once', 'cat', { tty: true, stdin: true, stdinOnce: true }),
    );
    const stdout = new Sink();
    const stdin = openInput('word\n');
    const ended = harness.runtime.attach(sandbox.id, run.id, { stdin, stdout }, never);
    await stdout.until(/word\r\nword\r\n/);
    stdin.push(null);
    await ended;
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 0 });
  });

  test('is stopped as any other', async () => {
    const run = await harness.start(
      sandbox,
      shell('stopped', 'trap "echo bye; exit 4" TERM; echo up; sleep 1000 & wait', { tty: true }),
    );
    await harness.log(sandbox, run, {}, /up/);
    await harness.stop(sandbox, run, 30);
    expect(await harness.exit(sandbox, run)).toMatchObject({ exitCode: 4 });
    expect(await harness.log(sandbox, run)).toEqual(['up\r', 'bye\r']);
  });
});

describe.each(['perl', 'python3'])('by means of %s', (name) => {
  const helper = findTerminalHelper(name);

  test.skipIf(helper === undefined)('a command has its own name, environment and terminal', async () => {
    const command = {
      argv: [
        'sh',
        '-c',
        'echo "$0 $A $LC_CTYPE"; stty size; ls -l /proc/self/fd | grep -c ptmx; exit 9',
        'x y',
      ],
      workingDir: '/',
      environment: { PATH: '/usr/bin:/bin', A: 'ä "b"' },
    };
    const { exited, terminal } = await spawnInTerminal(command, { width: 90, height: 20 }, helper);
    const chunks: Buffer[] = [];
    terminal.stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise((resolve) => terminal.stream.once('close', resolve));
    expect(await exited).toEqual({ code: 9 });
    await closed;
    expect(Buffer.concat(chunks).toString()).toBe('x y ä "b" \r\n20 90\r\n0\r\n');
  });

  test.skipIf(helper === undefined)('a script whose interpreter is not there is 127', async () => {
    const script = `${state.folder}/script`;
    writeFileSync(script, '#!/does/not/exist\n');
    chmodSync(script, 0o755);
    const command = { argv: [script], workingDir: '/', environment: {} };
    await expect(spawnInTerminal(command, undefined, helper)).rejects.toMatchObject({
      shellCode: 127,
      message: `exec "${script}": no such file or directory`,
    });
  });
});
