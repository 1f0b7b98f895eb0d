import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ExecOutput } from './output.ts';

const words = 'OCI runtime exec failed: exec: "x": executable file not found in $PATH: unknown\r\n';

function frame(text: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function outputs() {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  return { stdout, stderr, read: () => [stdout.read()?.toString() ?? '', stderr.read()?.toString() ?? ''] };
}

test.each([true, false])(
  'the words of an engine that cannot start it are held back (terminal: %s)',
  (tty) => {
    const { stdout, stderr, read } = outputs();
    const output = new ExecOutput(tty, { stdout, stderr });
    const bytes = tty ? Buffer.from(words) : frame(words);
    for (const byte of bytes) output.take(Buffer.from([byte]));
    expect([output.held, read()]).toEqual([words, ['', '']]);
    output.release('stdout');
    expect(read()).toEqual([words, '']);
  },
);

test('nothing else is', () => {
  const { stdout, stderr, read } = outputs();
  const output = new ExecOutput(false, { stdout, stderr });
  output.take(frame('OCI'));
  expect(read()).toEqual(['', '']);
  output.take(frame(' images'));
  expect(read()).toEqual(['OCI images', '']);
  output.take(frame(words));
  expect([output.held, read()]).toEqual(['', [words, '']]);
});

test('nor more of it than the engine would say', () => {
  const { stdout, stderr, read } = outputs();
  const output = new ExecOutput(true, { stdout, stderr });
  const long = words.repeat(100);
  output.take(Buffer.from(long.slice(0, 4000)));
  output.take(Buffer.from(long.slice(4000)));
  expect(read()[0]).toHaveLength(long.length);
});

test('all is taken when the slowest output has taken it', async () => {
  const waiting: (() => void)[] = [];
  const slow = new Writable({ write: (_data, _encoding, done) => void waiting.push(done) });
  const output = new ExecOutput(true, { stdout: slow });
  output.take(Buffer.from('one'));
  output.take(Buffer.from('two'));
  output.release('stdout');
  let isTaken = false;
  const taken = output.taken(new AbortController().signal).then(() => {
    isTaken = true;
  });
  waiting.shift()?.();
  await new Promise(setImmediate);
  expect([isTaken, waiting.length]).toEqual([false, 1]);
  waiting.shift()?.();
  await taken;
  const hopeless = new AbortController();
  output.take(Buffer.from('three'));
  const never = output.taken(hopeless.signal);
  hopeless.abort(new Error('the client is gone'));
  await expect(never).rejects.toThrow('the client is gone');
});
