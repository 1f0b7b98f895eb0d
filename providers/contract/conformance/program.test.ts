import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Program } from './program.ts';
import { shellCommand } from './program.ts';

const children: ChildProcess[] = [];

/** In a process group of its own, which ends with the test. */
function start(program: Program): ChildProcess & { out: string; err: string } {
  const [command = '', ...args] = shellCommand(program);
  const child = Object.assign(spawn(command, args, { detached: true }), { out: '', err: '' });
  child.stdout.on('data', (data) => (child.out += data));
  child.stderr.on('data', (data) => (child.err += data));
  children.push(child);
  return child;
}

afterEach(() => {
  for (const { pid } of children.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended by itself.
    }
  }
});

describe('shellCommand', () => {
  it('prints on both streams and ends with its code', async () => {
    const child = start({
      print: [
        { stream: 'stdout', text: "it's $HOME `x` \\n %s" },
        { stream: 'stderr', text: 'oops' },
      ],
      printEverySeconds: 0.01,
      exit: { code: 3, afterSeconds: 0.01 },
    });
    expect(await once(child, 'close')).toEqual([3, null]);
    expect(child).toMatchObject({ out: "it's $HOME `x` \\n %s\n", err: 'oops\n' });
  });

  it('ends on SIGTERM with the code it was given, from the middle of its sleep', async () => {
    const child = start({ print: [{ stream: 'stdout', text: 'ready' }], onTerm: 7 });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('ignores SIGTERM when told', async () => {
    const print = ['ready', 'still here'].map((text) => ({ stream: 'stdout', text }) as const);
    const child = start({ print, printEverySeconds: 0.05, exit: { code: 0 }, onTerm: 'ignore' });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(child.out).toBe('ready\nstill here\n');
  });
});
