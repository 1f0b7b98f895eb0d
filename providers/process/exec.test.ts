import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import type { ProcessStreams } from '../contract/streams.ts';
import { latestClaim } from './claim.ts';
import { Harness, markedProcesses, never, shell, temporaryState } from './testing/harness.ts';
import { openInput, pattern, Sink } from './testing/streams.ts';

const state = temporaryState();
let harness: Harness;
let sandbox: SandboxState;
let container: RuntimeContainer;
let count = 0;

/** Most tests share a container; those that end something take a new one. */
async function begin(): Promise<void> {
  count += 1;
  harness = new Harness(state.folder, `node-${count}`);
  sandbox = await harness.sandbox(`exec-${count}`);
  const env = [{ name: 'GREETING', value: 'hello', secret: false }];
  container = await harness.start(sandbox, shell('main', 'exec sleep 1000', { env }));
}

async function finish(): Promise<void> {
  await harness.removeAll();
  await harness.close();
}

beforeAll(begin);

afterAll(async () => {
  await finish();
  await state.remove();
});

function exec(argv: readonly string[], streams: ProcessStreams = {}, signal = never): Promise<number> {
  return harness.runtime.exec(sandbox.id, container.id, { command: argv, tty: false }, streams, signal);
}

const sh = (script: string, streams?: ProcessStreams, signal?: AbortSignal): Promise<number> =>
  exec(['sh', '-c', script], streams, signal);

function folder(): string {
  return path.join(state.folder, 'sandboxes', sandbox.id);
}

/** The sessions that the shim has not yet cleared away. */
function sessions(): string[] {
  const sessions = path.join(folder(), 'sessions');
  return existsSync(sessions) ? readdirSync(sessions) : [];
}

/** Everything of the container but its own `sleep`, and the shim. */
function running(): number {
  return markedProcesses(container.id.slice(0, container.id.indexOf('-'))).length - 2;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('exit codes', () => {
  test.each([
    ['true', 0],
    ['exit 3', 3],
    ['exit 255', 255],
    ['kill -KILL $$', 137],
    ['kill -TERM $$', 143],
  ])('%s', async (script, code) => {
    expect(await sh(script)).toBe(code);
    await vi.waitFor(() => expect(sessions()).toEqual([]));
  });

  test.each([
    [['no-such-command'], 127, 'exec: "no-such-command": executable file not found in $PATH\n'],
    [['/tmp'], 126, 'exec: "/tmp": is a directory\n'],
    [[], 127, /^no command specified/],
  ])('%j cannot be started', async (argv, code, reason) => {
    const stderr = new Sink();
    expect(await exec(argv, { stderr })).toBe(code);
    expect(stderr.text).toMatch(reason);
  });
});

describe('streams', () => {
  test('both outputs come apart, with the environment and the folder of the container', async () => {
    const streams = { stdout: new Sink(), stderr: new Sink() };
    expect(await sh('echo $GREETING $BURSTLET_CONTAINER_ID; pwd >/dev/stderr; exit 9', streams)).toBe(9);
    expect(streams.stdout.text).toBe(`hello ${container.id}/exec\n`);
    expect(streams.stderr.text).toMatch(/runs\/main-0\/work\n$/);
  });

  test('what is not asked for is not there', async () => {
    expect(await sh('echo lost; echo lost >&2; [ -z "$(cat)" ]')).toBe(0);
  });

  test('the end of the input is the end of the input only', async () => {
    const stdout = new Sink();
    const stdin = Readable.from([Buffer.from('one\n'), Buffer.from('two')]);
    expect(await sh('cat; echo; echo after; exit 4', { stdin, stdout })).toBe(4);
    expect(stdout.text).toBe('one\ntwo\nafter\n');
  });

  test('input and output of 16 MiB at once, exact', async () => {
    const stdout = new Sink();
    const { source, sha256, bytes } = pattern(256);
    expect(await exec(['cat'], { stdin: source, stdout })).toBe(0);
    expect(stdout.bytes).toBe(bytes);
    expect(stdout.sha256()).toBe(sha256);
  });

  test('one who reads slowly slows the command down, and nothing is lost at its end', async () => {
    let waiting: (() => void) | undefined;
    let bytes = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        waiting = done;
      },
    });
    const counted = path.join(state.folder, `counted-${count}`);
    const script = `head -c 1000000 /dev/zero; touch ${counted}`;
    const ended = sh(script, { stdout });
    await vi.waitFor(() => expect(waiting).toBeDefined());
    // The command sits in its write: the pipe and this side hold less than it has to say.
    await new Promise((resolve) => setImmediate(resolve));
    expect(existsSync(counted)).toBe(false);
    const taking = setInterval(() => {
      const take = waiting;
      waiting = undefined;
      take?.();
    }, 0);
    expect(await ended).toBe(0);
    clearInterval(taking);
    expect(bytes).toBe(1_000_000);
  });

  test('input that nobody wants is dropped and blocks nothing', async () => {
    const { source } = pattern(64);
    const stdout = new Sink();
    expect(await sh('exec <&-; echo closed; exit 6', { stdin: source, stdout })).toBe(6);
    expect(stdout.text).toBe('closed\n');
    const endless = new Readable({
      read() {
        setImmediate(() => this.push(Buffer.alloc(1_000)));
      },
    });
    expect(await sh('head -c 10 >/dev/null', { stdin: endless })).toBe(0);
    endless.destroy();
  });

  test('a process in the background does not hold the call up, and goes on', async () => {
    const stdout = new Sink();
    expect(await sh('sleep 1000 & echo $!', { stdout })).toBe(0);
    expect(stdout.text).toMatch(/^\d+\n$/);
    process.kill(Number(stdout.text), 0);
    process.kill(Number(stdout.text));
  });

  test('one that goes on writing in the background does not either', async () => {
    const stdout = new Sink();
    expect(await sh('yes & echo $! >&2', { stdout, stderr: new Sink() })).toBe(0);
    await vi.waitFor(() => expect(running()).toBe(0)); // SIGPIPE
  });
});

describe('the command is killed, and the call rejects', () => {
  test('when the signal fires, with its children', async () => {
    const before = openDescriptors();
    const abort = new AbortController();
    const stdout = new Sink();
    const stdin = openInput();
    const script = 'trap "" TERM HUP; (sleep 1000; echo x) & sleep 1000 | sleep 1000 & echo ready; wait';
    const ended = sh(script, { stdin, stdout }, abort.signal);
    await stdout.until(/ready/);
    abort.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    expect(running()).toBe(0);
    expect(sessions()).toEqual([]);
    expect(openDescriptors()).toBe(before);
  });

  test('when the input breaks off, which it does not take for the end', async () => {
    const complete = path.join(state.folder, `complete-${count}`);
    const stdin = openInput('some');
    const stdout = new Sink();
    const ended = sh(`echo ready; cat >/dev/null; touch ${complete}`, { stdin, stdout });
    await stdout.until(/ready/);
    stdin.destroy(new Error('cut'));
    await expect(ended).rejects.toThrow('stdin: cut');
    expect(running()).toBe(0);
    expect(existsSync(complete)).toBe(false);
  });

  test('when nobody takes its output any more', async () => {
    const stdout = new Sink();
    const ended = exec(['yes'], { stdout });
    await stdout.until(/y/);
    stdout.destroy();
    await expect(ended).rejects.toMatchObject({ kind: 'Retryable' });
    await vi.waitFor(() => expect(running()).toBe(0));
  });
});

test('there is nothing to run in what does not run, or is not there', async () => {
  const request = { command: ['true'], tty: false };
  const { runtime } = harness;
  await expect(runtime.exec(sandbox.id, 'none', request, {}, never)).rejects.toMatchObject({
    kind: 'NotFound',
  });
  await expect(runtime.exec('none', container.id, request, {}, never)).rejects.toMatchObject({
    kind: 'NotFound',
  });
  await expect(exec(['true'], {}, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});

test('an exec counts as usage of its container', async () => {
  const stdout = new Sink();
  const abort = new AbortController();
  const ended = sh(
    'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo burnt; sleep 1000',
    { stdout },
    abort.signal,
  );
  await stdout.until(/burnt/);
  const [stats] = await harness.runtime.stats(harness.scope, never);
  expect(stats?.containers[0]?.cpuNanoSeconds).toBeGreaterThan(10_000_000);
  abort.abort();
  await expect(ended).rejects.toThrow();
});

/** `node test/bench/process-streams.ts` makes more of them. */
test('a cut at any moment is never a success, and leaves nothing', async () => {
  const before = openDescriptors();
  for (let seed = 1; seed <= 12; seed += 1) {
    const abort = new AbortController();
    const limit = (seed * 48_271) % 3_000_000;
    let bytes = 0;
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (bytes >= limit) abort.abort();
        done();
      },
    });
    const { source } = pattern(64);
    await expect(exec(['cat'], { stdin: source, stdout }, abort.signal)).rejects.toThrow();
    source.destroy();
  }
  expect(running()).toBe(0);
  expect(sessions()).toEqual([]);
  expect(openDescriptors()).toBe(before);
});

describe('in a container of its own', () => {
  beforeEach(async () => {
    await finish();
    await begin();
  });

  test('it is killed when the runtime is closed', async () => {
    const stdout = new Sink();
    const ended = sh('echo ready; sleep 1000', { stdout });
    const outcome = expect(ended).rejects.toMatchObject({ kind: 'Retryable' });
    await stdout.until(/ready/);
    await harness.close();
    await outcome;
    await vi.waitFor(() => expect(running()).toBe(0));
    harness = new Harness(state.folder, harness.scope.node);
  });

  test('it is killed when the shim is lost, by the next one, and the container goes on', async () => {
    const stdout = new Sink();
    const ended = sh('trap "" HUP; echo ready; sleep 1000', { stdout });
    const outcome = expect(ended).rejects.toMatchObject({ kind: 'Retryable' });
    await stdout.until(/ready/);
    process.kill(latestClaim(folder())?.process.pid ?? 0, 'SIGKILL');
    await outcome;
    expect(await sh('exit 5')).toBe(5);
    expect(running()).toBe(0);
    expect(sessions()).toEqual([]);
  });

  test('it is killed when the daemon dies, without an end of its input', async () => {
    const complete = path.join(state.folder, `complete-${count}`);
    const daemon = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('./testing/exec-daemon.ts', import.meta.url)),
        ...[state.folder, harness.scope.node, `exec-${count}`, container.id],
        `echo ready; cat >/dev/null; touch ${complete}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [ready] = await once(daemon.stdout, 'data');
    expect(String(ready)).toBe('ready\n');
    expect(running()).toBeGreaterThan(0);
    daemon.kill('SIGKILL');
    await vi.waitFor(() => expect(running()).toBe(0), 10_000);
    expect(existsSync(complete)).toBe(false);
    await vi.waitFor(() => expect(sessions()).toEqual([]));
  });
  test('it ends with its container, by the signal that ended it', async () => {
    const stdout = new Sink();
    const ended = sh('trap "" TERM; echo ready; sleep 1000', { stdout });
    await stdout.until(/ready/);
    await harness.stop(sandbox, container, 1);
    expect(await ended).toBe(137);
    await harness.exit(sandbox, container);
    await expect(sh('true')).rejects.toMatchObject({ kind: 'NotFound' });
  });

  test('a Pod of a shim without sessions says what to do', async () => {
    const generation = latestClaim(folder())?.generation ?? 0;
    unlinkSync(path.join(folder(), `sess-${generation}.sock`));
    await expect(sh('true')).rejects.toMatchObject({ kind: 'Unsupported', message: /delete it/ });
  });
});
