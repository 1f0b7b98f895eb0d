import { describe, expect, it } from 'vitest';
import type { ContainerRuntime } from '../../../providers/contract/index.ts';
import { FakeClock, settle } from '../../telemetry/fake-clock.ts';
import { runCommand } from './command.ts';

type Exec = ContainerRuntime['exec'];

const target = { sandboxId: 's', containerId: 'c' };
const limits = { timeoutMs: 2_000, maxOutputBytes: 8 };
const never = new AbortController().signal;

function start(exec: Exec, signal = never) {
  const clock = new FakeClock();
  const result = runCommand({ runtime: { exec }, clock }, target, ['true'], limits, signal);
  result.catch(() => {});
  return { clock, result };
}

/** As a runtime that kills the command when it is told to, and says so in its own way. */
const untilKilled =
  (end: (settle: { resolve: (code: number) => void; reject: (error: unknown) => void }) => void): Exec =>
  (_sandbox, _container, _request, _streams, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => end({ resolve, reject }));
    });

describe('runCommand', () => {
  it('gives the exit code and the head of both outputs, and takes all the rest', async () => {
    let taken = 0;
    const { result, clock } = start(async (sandbox, container, request, { stdin, stdout, stderr }) => {
      expect([sandbox, container, request, stdin]).toEqual([
        's',
        'c',
        { command: ['true'], tty: false },
        undefined,
      ]);
      for (const [stream, text] of [
        [stdout, 'one '],
        [stderr, 'two three'],
        [stdout, 'x'.repeat(100_000)],
      ] as const)
        await new Promise<void>((done) => {
          stream?.write(Buffer.from(text), () => {
            taken += text.length;
            done();
          });
        });
      return 3;
    });
    expect(await result).toEqual({ timedOut: false, exitCode: 3, output: Buffer.from('one two ') });
    expect(taken).toBe(100_013);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['137', untilKilled(({ resolve }) => resolve(137))],
    ['an error', untilKilled(({ reject }) => reject(new Error('killed')))],
  ])('kills it at the time limit, also where the runtime answers that with %s', async (_, exec) => {
    const { clock, result } = start(exec);
    await clock.advance(1_999);
    expect(clock.pending).toBeGreaterThan(0);
    await clock.advance(1);
    expect(await result).toEqual({ exitCode: 137, output: Buffer.from(''), timedOut: true });
    expect(clock.pending).toBe(0);
  });

  it('blames the runtime, not the command, when that does not answer after the limit', async () => {
    const { clock, result } = start(() => new Promise(() => {}));
    await clock.advance(12_000);
    await expect(result).rejects.toThrow('no answer within 7 s');
  });

  it('rejects with what the runtime says before the limit', async () => {
    const { result } = start(() => Promise.reject(new Error('connection lost')));
    await expect(result).rejects.toThrow('connection lost');
  });

  it('kills it and rejects when it is called off', async () => {
    const calledOff = new AbortController();
    let killed = false;
    const { clock, result } = start(
      untilKilled(({ reject }) => {
        killed = true;
        reject(new Error('killed'));
      }),
      calledOff.signal,
    );
    await settle();
    calledOff.abort(new Error('no longer wanted'));
    await expect(result).rejects.toThrow('no longer wanted');
    expect(killed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
