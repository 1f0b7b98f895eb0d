import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ChunkedInput } from './chunked-input.ts';

/** All that a pipe holds (pipe(7)). */
const pipeBytes = 64 * 1024;

it('has no more on the way than a pipe holds, until the command has taken some', async () => {
  const sent: Buffer[] = [];
  const input = new ChunkedInput(async (bytes) => void sent.push(bytes));
  const all = Buffer.alloc(1 << 18, 'x');
  const done = input.send(all);
  await setImmediate();
  expect(bytesOf(sent)).toBeLessThanOrEqual(pipeBytes);
  const before = sent.length;
  input.taken();
  await setImmediate();
  expect(sent.length).toBe(before + 1);
  for (let chunk = 0; chunk < all.length; chunk += 1024) input.taken();
  await done;
  expect(Buffer.concat(sent.map(dataOf)).equals(all)).toBe(true);
});

it('drops what the command refuses', async () => {
  const sent: Buffer[] = [];
  const input = new ChunkedInput(async (bytes) => void sent.push(bytes));
  const done = input.send(Buffer.alloc(1 << 18));
  await setImmediate();
  const before = sent.length;
  input.refused();
  await done;
  await input.send(Buffer.from('more'));
  expect(sent.length).toBe(before);
});

function bytesOf(all: readonly Buffer[]): number {
  return all.reduce((sum, { length }) => sum + length, 0);
}

/** Checks the length before it. */
function dataOf(chunk: Buffer): Buffer {
  const end = chunk.indexOf('\n');
  const data = chunk.subarray(end + 1);
  expect(chunk.toString('latin1', 0, end)).toBe(String(data.length));
  return data;
}
