import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandboxProgram } from './sandbox-program.ts';
import { tar } from './tar.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'burstlet-program-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const native =
  process.platform === 'linux' && { x64: 'amd64' as const, arm64: 'arm64' as const }[process.arch as string];

test.skipIf(!native).each(['SIGTERM', 'SIGINT'] as const)('it waits, and ends on %s', async (signal) => {
  if (!native) return;
  const file = path.join(folder, 'sandbox');
  writeFileSync(file, sandboxProgram(native), { mode: 0o755 });
  const child = spawn(file, { stdio: 'ignore' });
  await once(child, 'spawn');
  // Asleep in rt_sigtimedwait: the signals are blocked by then.
  while (!/^State:\tS/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8')));
  const exit = once(child, 'exit');
  child.kill('SIGCHLD');
  child.kill(signal);
  expect(await exit).toEqual([0, null]);
});

test('it is an executable of its architecture, in an archive that tar reads', () => {
  for (const [arch, machine] of [
    ['amd64', 62],
    ['arm64', 183],
  ] as const) {
    const program = sandboxProgram(arch);
    expect(program.toString('latin1', 1, 4)).toBe('ELF');
    expect(program.readUInt16LE(18)).toBe(machine);
    expect(Number(program.readBigUInt64LE(24)) - 0x400000).toBe(120);
    const archive = path.join(folder, `${arch}.tar`);
    writeFileSync(archive, tar([{ path: 'sandbox', mode: 0o755, content: program }]));
    expect(execFileSync('tar', ['-tvf', archive]).toString()).toMatch(
      /^-rwxr-xr-x 0\/0 +\d+ 1970-01-01 00:00 sandbox\n$/,
    );
    expect(execFileSync('tar', ['-xOf', archive, 'sandbox'])).toEqual(program);
  }
});
