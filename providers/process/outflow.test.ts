import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { ProviderClock } from '../contract/clock.ts';
import { Outflow } from './outflow.ts';

/** Its alarms go off by hand. */
class HandClock implements ProviderClock {
  #alarm: (() => void) | undefined;

  now(): number {
    return 0;
  }

  schedule(_ms: number, callback: () => void): () => void {
    this.#alarm = callback;
    return () => {
      if (this.#alarm === callback) this.#alarm = undefined;
    };
  }

  get isSet(): boolean {
    return this.#alarm !== undefined;
  }

  async ring(): Promise<void> {
    this.#alarm?.();
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  }
}

async function paused(stream: PassThrough): Promise<void> {
  await vi.waitFor(() => expect(stream.isPaused()).toBe(true));
}

/** Takes one chunk at a time, when it is told to. */
class Reluctant extends Writable {
  bytes = 0;
  #done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    this.#done = done;
  }

  take(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

test('what is in the pipe at the end of the process is taken, however slowly', async () => {
  const [source, sink, clock] = [new PassThrough(), new Reluctant(), new HandClock()];
  const outflow = new Outflow(source, sink, clock);
  source.write(Buffer.alloc(60_000));
  await paused(source);
  for (let chunk = 0; chunk < 3; chunk += 1) source.write(Buffer.alloc(60_000));
  source.end();
  outflow.finish();
  await clock.ring();
  expect(sink.bytes).toBe(60_000);
  for (let chunk = 0; chunk < 5; chunk += 1) {
    sink.take();
    await setImmediate();
    await setImmediate();
  }
  await outflow.ended;
  expect(sink.bytes).toBe(240_000);
});

test('others who hold the pipe open are waited for while they write', async () => {
  const [source, clock] = [new PassThrough(), new HandClock()];
  const sink = new PassThrough().resume();
  const outflow = new Outflow(source, sink, clock);
  outflow.finish();
  expect(clock.isSet).toBe(true);
  const ringing = clock.ring();
  source.write('more');
  await ringing;
  expect(source.destroyed).toBe(false);
  await clock.ring();
  await outflow.ended;
  expect(source.destroyed).toBe(true);
});

test('but not for more than a pipe can hold', async () => {
  const source = new PassThrough({ highWaterMark: 4_000_000 });
  const sink = new PassThrough().resume();
  const outflow = new Outflow(source, sink, new HandClock());
  outflow.finish();
  for (let chunk = 0; chunk < 20 && !source.destroyed; chunk += 1) {
    source.write(Buffer.alloc(100_000));
    await setImmediate();
  }
  await outflow.ended;
  expect(source.destroyed).toBe(true);
});

test('a sink that is gone is an error, and no listener stays on one that is not', async () => {
  const broken = new PassThrough();
  broken.destroy();
  await expect(new Outflow(new PassThrough(), broken, new HandClock()).ended).rejects.toThrow('nobody takes');
  const [source, sink] = [new PassThrough(), new PassThrough().resume()];
  const before = sink.eventNames().map((name) => sink.listenerCount(name));
  const outflow = new Outflow(source, sink, new HandClock());
  source.end('x');
  await outflow.ended;
  expect(sink.eventNames().map((name) => sink.listenerCount(name))).toEqual(before);
  expect(sink.writable).toBe(true);
});
