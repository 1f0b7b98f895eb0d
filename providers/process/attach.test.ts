import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ContainerSpec } from '../contract/instance-spec.ts';
import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import type { ProcessStreams } from '../contract/streams.ts';
import { latestClaim } from './claim.ts';
import { Harness, never, shell, temporaryState } from './testing/harness.ts';
import { openInput, pattern, Sink } from './testing/streams.ts';

const state = temporaryState();
const harness = new Harness(state.folder, 'node');
let sandbox: SandboxState;
let count = 0;

beforeAll(async () => {
  sandbox = await harness.sandbox('attach');
});

afterAll(async () => {
  await harness.removeAll();
  await harness.close();
  await state.remove();
});

function start(script: string, more: Partial<ContainerSpec> = {}): Promise<RuntimeContainer> {
  count += 1;
  return harness.start(sandbox, shell(`c${count}`, script, more));
}

function attach(container: RuntimeContainer, streams: ProcessStreams, signal = never): Promise<void> {
  return harness.runtime.attach(sandbox.id, container.id, streams, signal);
}

const twoOutputs = () => ({ stdout: new Sink(), stderr: new Sink() });

describe('several sessions', () => {
  test('see the same, from their beginning to the end of the process', async () => {
    const container = await start('echo early; read x; echo "out $x"; echo "err $x" >&2; exit 3', {
      stdin: true,
    });
    await harness.log(sandbox, container, {}, /early/);
    const [first, second] = [twoOutputs(), twoOutputs()];
    const stdin = openInput();
    const ends = [attach(container, first), attach(container, { ...second, stdin })];
    stdin.push('word\n');
    await Promise.all(ends);
    for (const { stdout, stderr } of [first, second]) {
      expect(stdout.text).toMatch(/^(early\n)?out word\n$/);
      expect(stderr.text).toBe('err word\n');
    }
    expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 3 });
    expect(await harness.log(sandbox, container)).toContain('out word');
  });

  test('come and go, and the input stays open', async () => {
    const container = await start('echo up; cat; echo never', { stdin: true });
    for (const word of ['one', 'two']) {
      const stdout = new Sink();
      const leave = new AbortController();
      const ended = attach(
        container,
        { stdin: Readable.from([Buffer.from(`${word}\n`)]), stdout },
        leave.signal,
      );
      await stdout.until(new RegExp(word));
      leave.abort(new Error('enough seen'));
      await expect(ended).rejects.toThrow('enough seen');
    }
    await harness.stop(sandbox, container, 1);
    await harness.exit(sandbox, container);
    expect(await harness.log(sandbox, container)).toEqual(['up', 'one', 'two']);
  });
});

describe('stdinOnce', () => {
  test('the input ends with the end of what the first session sends', async () => {
    const { source, sha256 } = pattern(32);
    const container = await start('sha256sum', { stdin: true, stdinOnce: true });
    const stdout = new Sink();
    await attach(container, { stdin: source, stdout });
    expect(stdout.text).toContain(sha256);
    expect(await harness.exit(sandbox, container)).toMatchObject({ exitCode: 0 });
  });

  test('or with the loss of it, for good', async () => {
    const container = await start('cat; echo over; sleep 1000', { stdin: true, stdinOnce: true });
    const leave = new AbortController();
    const stdout = new Sink();
    const ended = attach(container, { stdin: openInput('half'), stdout }, leave.signal);
    await stdout.until(/half/);
    leave.abort();
    await expect(ended).rejects.toThrow();
    await harness.log(sandbox, container, {}, /over/);
    const again = new AbortController();
    const late = { stdin: openInput('more'), stdout: new Sink() };
    const second = attach(container, late, again.signal);
    again.abort();
    await expect(second).rejects.toThrow();
  });

  test('a session without input does not count', async () => {
    const container = await start('cat', { stdin: true, stdinOnce: true });
    const leave = new AbortController();
    const looking = attach(container, { stdout: new Sink() }, leave.signal);
    leave.abort();
    await expect(looking).rejects.toThrow();
    const stdout = new Sink();
    await attach(container, { stdin: Readable.from([Buffer.from('still open')]), stdout });
    expect(stdout.text).toBe('still open');
  });
});

test('a container without stdin has nothing to read; what is typed is dropped', async () => {
  const container = await start('cat; echo nothing; sleep 1000');
  const leave = new AbortController();
  const stdout = new Sink();
  const { source } = pattern(64);
  const ended = attach(container, { stdin: source, stdout }, leave.signal);
  await harness.log(sandbox, container, {}, /nothing/);
  await vi.waitFor(() => expect(source.readableEnded).toBe(true));
  leave.abort();
  await expect(ended).rejects.toThrow();
});

test('one who looks slowly slows the container down, misses nothing, and does not hold up its end', async () => {
  const container = await start('read x; head -c 3000000 /dev/zero; echo; echo last', { stdin: true });
  const slow = new Sink({ highWaterMark: 1 });
  slow.cork();
  const stdin = openInput();
  const ended = attach(container, { stdin, stdout: slow });
  stdin.push('go\n');
  await vi.waitFor(() => expect(slow.writableLength).toBeGreaterThan(0));
  slow.uncork();
  await ended;
  expect(slow.bytes).toBe(3_000_006);
  await harness.exit(sandbox, container);
});

test('a lost shim ends the session; the next one goes on with input and output', async () => {
  const container = await start('trap "" HUP; while read x; do echo "got $x"; done; echo never', {
    stdin: true,
  });
  const stdout = new Sink();
  const stdin = openInput('one\n');
  const ended = attach(container, { stdin, stdout });
  const outcome = expect(ended).rejects.toMatchObject({ kind: 'Retryable' });
  await stdout.until(/got one/);
  const folder = path.join(state.folder, 'sandboxes', sandbox.id);
  process.kill(latestClaim(folder)?.process.pid ?? 0, 'SIGKILL');
  await outcome;
  const leave = new AbortController();
  const after = { stdin: openInput('two\n'), stdout: new Sink() };
  const second = attach(container, after, leave.signal);
  await after.stdout.until(/got two/);
  leave.abort();
  await expect(second).rejects.toThrow();
  await harness.stop(sandbox, container, 1);
  await harness.exit(sandbox, container);
});

test('what does not run cannot be attached to', async () => {
  const container = await start('true');
  await harness.exit(sandbox, container);
  await expect(attach(container, {})).rejects.toMatchObject({ kind: 'NotFound' });
});
