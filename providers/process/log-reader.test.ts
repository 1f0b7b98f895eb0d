import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { text } from '../contract/conformance/runtime-harness.ts';
import { LogReader, parseEntry } from './log-reader.ts';
import { LogWriter } from './shim/log-writer.ts';
import { temporaryState } from './testing/harness.ts';

const state = temporaryState();
const folder = path.join(state.folder, 'log');

afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => state.remove());

function writer(): LogWriter {
  return new LogWriter(folder, { maxBytes: 500, maxFiles: 3 });
}

function write(log: LogWriter, ...texts: string[]): void {
  log.write(
    'stdout',
    texts.map((each) => ({ data: Buffer.from(each), partial: false })),
  );
}

async function read(reader: LogReader): Promise<string[]> {
  const texts: string[] = [];
  for await (const entry of reader.toEnd()) texts.push(text(entry));
  return texts;
}

test('a reader goes on where it stopped, over any number of rotations', async () => {
  const log = writer();
  const reader = new LogReader(folder);
  expect(await read(reader)).toEqual([]);
  const written: string[] = [];
  const seen: string[] = [];
  for (let round = 0; round < 50; round += 1) {
    const texts = Array.from({ length: round % 7 }, (_, index) => `${round}/${index}`);
    write(log, ...texts);
    written.push(...texts);
    seen.push(...(await read(reader)));
  }
  expect(seen).toEqual(written);
  expect(readdirSync(folder)).toHaveLength(3);
  await reader.close();
  log.close();
});

test('a reader that lags behind gets what is left, in order', async () => {
  const log = writer();
  const reader = new LogReader(folder);
  write(log, 'first');
  expect(await read(reader)).toEqual(['first']);
  const later = Array.from({ length: 100 }, (_, index) => `later ${index}`);
  write(log, 'second', ...later);
  const seen = await read(reader);
  // The segment that it had open is read to its end though it is long removed.
  expect(seen.slice(0, 3)).toEqual(['second', 'later 0', 'later 1']);
  expect(seen.slice(-5)).toEqual(later.slice(-5));
  expect(seen.length).toBeLessThan(100);
  await reader.close();
  log.close();
});

test('another writer goes on with the last segment', async () => {
  const first = writer();
  write(first, 'a');
  first.close();
  const second = writer();
  write(second, 'b');
  second.close();
  const reader = new LogReader(folder);
  expect(await read(reader)).toEqual(['a', 'b']);
  expect(readdirSync(folder)).toHaveLength(1);
  await reader.close();
});

test('skipping leaves the last entries, wherever their segments begin', async () => {
  const log = writer();
  const texts = Array.from({ length: 40 }, (_, index) => `${index}`);
  write(log, ...texts);
  for (let count = 0; count <= 45; count += 1) {
    const reader = new LogReader(folder);
    await reader.skipToLast(count);
    const left = await read(reader);
    const kept = Math.min(count, left.length);
    expect(left.slice(left.length - kept)).toEqual(texts.slice(40 - kept));
    if (count <= 20) expect(left).toHaveLength(count);
    write(log, 'new');
    expect(await read(reader)).toEqual(['new']);
    await reader.close();
    texts.push('new');
    texts.shift();
  }
  log.close();
});

test('what is no entry is passed over', () => {
  const line = '2026-01-02T03:04:05.000000006Z stderr P a b ';
  expect(parseEntry(Buffer.from(line))).toEqual({
    time: '2026-01-02T03:04:05.000000006Z',
    stream: 'stderr',
    data: new Uint8Array(Buffer.from('a b ')),
    partial: true,
  });
  for (const bad of ['', 'x', line.replace('stderr', 'stdxxx'), line.slice(0, 39)])
    expect(parseEntry(Buffer.from(bad))).toBeUndefined();
});
