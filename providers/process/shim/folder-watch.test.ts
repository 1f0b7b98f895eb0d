import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { markerVariable } from '../marker.ts';
import { createProcessTable } from '../process-table.ts';
import type { SandboxRecord } from '../records.ts';
import { temporaryState } from '../testing/harness.ts';
import { watchFolder } from './folder-watch.ts';

test('when the folder is gone, everything with its mark is killed and the shim leaves', async () => {
  const { folder } = temporaryState();
  const file = path.join(folder, 'sandbox.json');
  writeFileSync(file, '');
  const env = { ...process.env, [markerVariable]: 'folder-watch-test-c-0' };
  const child = spawn('sleep', ['100'], { stdio: 'ignore', env });
  const exit = once(child, 'exit');
  const looks: (() => void)[] = [];
  const clock = {
    now: () => 0,
    schedule(_ms: number, callback: () => void) {
      looks.push(callback);
      return () => {};
    },
  };
  const left = new Promise<void>((resolve) => {
    const sandbox = { mark: 'folder-watch-test' } as SandboxRecord;
    watchFolder(folder, sandbox, createProcessTable(), clock, resolve);
  });
  looks.shift()?.();
  expect(looks).toHaveLength(1);
  expect(child.exitCode).toBeNull();
  rmSync(folder, { recursive: true });
  looks.shift()?.();
  await left;
  expect(await exit).toEqual([null, 'SIGKILL']);
});
