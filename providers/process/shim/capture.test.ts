import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { wallClock } from '../../contract/clock.ts';
import { Capture } from './capture.ts';
import { LogWriter } from './log-writer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'burstlet-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function capture() {
  count += 1;
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const log = new LogWriter(path.join(folder, String(count)), { maxBytes: 1e6, maxFiles: 2 });
  return { stdout, stderr, capture: new Capture(log, [stdout, stderr]) };
}

test('the slowest onlooker holds up its stream, and only that', async () => {
  const { stdout, stderr, capture: it } = capture();
  const slow = new PassThrough({ highWaterMark: 1 });
  const fast = new PassThrough().resume();
  it.show({ stdout: slow, stderr: undefined });
  it.show({ stdout: fast, stderr: fast });
  stdout.write('x\n');
  stderr.write('y\n');
  await vi.waitFor(() => expect(stdout.isPaused()).toBe(true));
  expect(stderr.isPaused()).toBe(false);
  slow.resume();
  await vi.waitFor(() => expect(stdout.isPaused()).toBe(false));
  stdout.end();
  stderr.end();
  await it.finish(1_000, wallClock);
});

test('one who leaves, or breaks, holds up nothing', async () => {
  const { stdout, stderr, capture: it } = capture();
  const slow = new PassThrough({ highWaterMark: 1 });
  const leave = it.show({ stdout: slow, stderr: undefined });
  stdout.write('x\n');
  await vi.waitFor(() => expect(stdout.isPaused()).toBe(true));
  leave();
  slow.destroy();
  await vi.waitFor(() => expect(stdout.isPaused()).toBe(false));
  stdout.end();
  stderr.end();
  await it.finish(1_000, wallClock);
});

test('the end of the process does not wait for onlookers', async () => {
  const { stdout, stderr, capture: it } = capture();
  const slow = new PassThrough({ highWaterMark: 1 });
  it.show({ stdout: slow, stderr: undefined });
  stdout.write('x\n');
  await vi.waitFor(() => expect(stdout.isPaused()).toBe(true));
  stdout.end('last\n');
  stderr.end();
  await it.finish(60_000, wallClock);
  await setImmediate();
  expect(String(slow.read())).toBe('x\nlast\n');
});
