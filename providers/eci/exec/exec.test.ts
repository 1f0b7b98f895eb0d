import { createHash } from 'node:crypto';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Cut } from '../../../test/fakes/eci/exec/sessions.ts';
import type { FakeEci } from '../../../test/fakes/eci/index.ts';
import { startFakeEci } from '../../../test/fakes/eci/index.ts';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import type { InstanceRef, ProcessStreams, TerminalSize } from '../../contract/index.ts';
import { instanceToken, ProviderError } from '../../contract/index.ts';
import type { EciProvider } from '../provider.ts';
import { connect, hurried, optionsFor, purchased } from '../testing/harness.ts';

const image = 'registry.example/app:1';

let fake: FakeEci;
let provider: EciProvider;
let ref: InstanceRef;

beforeAll(async () => {
  fake = await startFakeEci(hurried);
  provider = await connect(fake);
  const owner = {
    clusterUid: 'cluster',
    node: 'burst',
    namespace: 'default',
    name: 'web',
    podUid: 'uid',
    attempt: 0,
  };
  const spec = purchased(plainSpec(owner, [plainContainer('main', image)]), optionsFor(fake));
  ({ ref } = await provider.create(spec, instanceToken(owner), signal()));
  await vi.waitFor(() => expect(fake.cloud.find(ref.id)?.status).toBe('Running'), 5_000);
});

afterEach(() => {
  fake.cloud.sessions.cut = undefined;
  fake.cloud.sessions.asText = false;
  fake.cloud.setShell(image, true);
});

afterAll(async () => {
  await provider.close();
  await fake.close();
  expect(fake.cloud.book.departures, 'requests unlike the SDK model').toEqual([]);
});

function signal(): AbortSignal {
  return AbortSignal.timeout(15_000);
}

class Sink extends Writable {
  readonly chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: readonly string[], stdin?: Readable): Promise<Outcome> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const streams = { stdout, stderr, ...(stdin && { stdin }) };
  const code = await provider.exec(ref, 'main', { command, tty: false }, streams, signal());
  return { code, out: stdout.text, err: stderr.text };
}

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof ProviderError) return error;
  throw new Error(`expected a ProviderError, found ${JSON.stringify(error)}`);
}

test.each([
  ['exit 0', 0],
  ['exit 3', 3],
  ['kill -KILL $$', 137],
])('the code of %s is %i', async (script, code) => {
  expect(await run(shell(script))).toEqual({ code, out: '', err: '' });
});

test('both outputs come apart, also where messages come as text', async () => {
  const expected = { code: 4, out: 'one', err: 'two\n' };
  expect(await run(shell('echo two >&2; printf one; exit 4'))).toEqual(expected);
  fake.cloud.sessions.asText = true;
  expect(await run(shell('echo two >&2; printf one; exit 4'))).toEqual(expected);
});

test('a megabyte of input arrives as it is, and ends', async () => {
  const bytes = Buffer.from(
    Uint8Array.from({ length: 2 ** 20 }, (_, index) => (index * 7 + (index >> 8)) % 256),
  );
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { code, out } = await run(shell('sha256sum; echo after; exit 5'), Readable.from([bytes]));
  expect([code, out]).toEqual([5, `${digest}  -\nafter\n`]);
});

test('a command that takes no input ends, whatever is typed', async () => {
  const open = new PassThrough();
  open.write('nobody reads this\n');
  expect(await run(['true'], open)).toMatchObject({ code: 0 });
  expect(await run(shell('cat; echo end'))).toEqual({ code: 0, out: 'end\n', err: '' });
});

test('commands longer than the API takes pass through the session', async () => {
  const words = Array.from({ length: 100 }, (_, index) => `${index}-${"it's \n".repeat(60)}`);
  const { code, out } = await run(['printf', '%s|', ...words]);
  expect([code, out]).toEqual([0, words.map((word) => `${word}|`).join('')]);
});

test('much output comes complete, at the pace of the one who takes it', async () => {
  const hash = createHash('sha256');
  let bytes = 0;
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  const command = shell("head -c 4000000 /dev/zero | tr '\\0' x");
  expect(await provider.exec(ref, 'main', { command, tty: false }, { stdout }, signal())).toBe(0);
  const expected = createHash('sha256').update('x'.repeat(4_000_000)).digest('hex');
  expect([bytes, hash.digest('hex')]).toEqual([4_000_000, expected]);
});

test('a terminal is one, echoes what is typed, and takes a new size', async () => {
  const stdin = new PassThrough();
  const stdout = new Sink();
  const told = Promise.withResolvers<void>();
  async function* sizes(): AsyncGenerator<TerminalSize> {
    yield { width: 80, height: 24 };
    await told.promise;
    yield { width: 100, height: 30 };
  }
  const script =
    'until [ "$(stty size)" = "24 80" ]; do sleep 0.05; done; echo small; until [ "$(stty size)" = "30 100" ]; do sleep 0.05; done; echo large; read line; test -t 0 && echo "<$line>"; exit 6';
  const streams: ProcessStreams = { stdin, stdout, sizes: sizes() };
  const ended = provider.exec(ref, 'main', { command: shell(script), tty: true }, streams, signal());
  await vi.waitFor(() => expect(stdout.text).toContain('small'), 10_000);
  told.resolve();
  await vi.waitFor(() => expect(stdout.text).toContain('large'), 10_000);
  stdin.write('typed\n');
  expect(await ended).toBe(6);
  expect(stdout.text).toBe('small\r\nlarge\r\ntyped\r\n<typed>\r\n');
});

test('an image without a shell is a clear error', async () => {
  fake.cloud.setShell(image, false);
  for (const tty of [false, true]) {
    const request = { command: ['true'], tty };
    const error = await failure(provider.exec(ref, 'main', request, { stdout: new Sink() }, signal()));
    expect(error.kind).toBe('Unsupported');
    expect(error.message).toMatch(/needs \/bin\/sh in the image: .*no such file or directory/);
  }
});

test('a session that is cut anywhere never ends with a code', async () => {
  const command = shell('printf one; sleep 0.01; printf two >&2; exit 0');
  const attempt = async (cut: Cut): Promise<unknown> => {
    fake.cloud.sessions.cut = cut;
    const streams = { stdout: new Sink(), stderr: new Sink() };
    const ended = provider.exec(ref, 'main', { command, tty: false }, streams, signal());
    return ended.then(
      (code) => ({ code, out: streams.stdout.text, err: streams.stderr.text }),
      (error: unknown) => (error instanceof ProviderError ? 'error' : error),
    );
  };
  const complete = { code: 0, out: 'one', err: 'two' };
  const outcomes: unknown[] = [];
  let afterBytes = 0;
  do {
    const how = outcomes.length % 2 === 0 ? 'torn' : 'closed';
    outcomes.push(await attempt({ afterBytes, how }));
    afterBytes += 13;
  } while (outcomes.at(-1) === 'error' && outcomes.length < 100);
  expect(outcomes.at(-1), 'once enough has come').toEqual(complete);
  expect(outcomes.length).toBeGreaterThan(10);
});

test('when the client goes the session is closed, and what it ran ends', async () => {
  const leave = new AbortController();
  const stdout = new Sink();
  const command = shell('trap "" HUP TERM; echo up; cat; while :; do sleep 1; done');
  const streams = { stdin: new PassThrough(), stdout };
  const ended = provider.exec(ref, 'main', { command, tty: false }, streams, leave.signal);
  await vi.waitFor(() => expect(stdout.text).toBe('up\n'), 10_000);
  expect(fake.cloud.sessions.open.size).toBe(1);
  leave.abort(new Error('the client has left'));
  expect((await failure(ended)).kind).toBe('Retryable');
  await vi.waitFor(() => expect(fake.cloud.sessions.open.size).toBe(0), 10_000);
  await vi.waitFor(() => expect(fake.cloud.sessions.processes.size).toBe(0), 10_000);
});

test('an address is used once: what could not be opened is not tried again', async () => {
  const before = fake.cloud.book.count('ExecContainerCommand');
  const { address } = fake.cloud.sessions;
  fake.cloud.sessions.address = `${address}/elsewhere`;
  const error = await failure(run(['true']));
  fake.cloud.sessions.address = address;
  expect(error.message).toBe('the session could not be opened: Unexpected server response: 403');
  expect(fake.cloud.book.count('ExecContainerCommand')).toBe(before + 1);
});

test('what does not run, or is not there, is NotFound', async () => {
  const request = { command: ['true'], tty: false };
  const nobody = provider.exec({ ...ref, id: 'eci-none' }, 'main', request, {}, signal());
  expect((await failure(nobody)).kind).toBe('NotFound');
  const nothing = provider.exec(ref, 'other', request, {}, signal());
  expect((await failure(nothing)).kind).toBe('NotFound');
});
