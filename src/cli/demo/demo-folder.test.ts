import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../telemetry/log.ts';
import { clearUpAfterCrashes, createDemoFolder } from './demo-folder.ts';

let parent = '';
const deps = () => ({ parent, nodeName: 'n', log: silentLog });
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'burstlet-folders-'));
});
afterEach(() => rm(parent, { recursive: true }));

/** Of a process that has just ended. */
const deadPid = String(spawnSync(process.execPath, ['--version']).pid);

const cluster = JSON.stringify({ clusterUid: 'u', choice: { provider: 'mock', options: {} } });

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(path.join(parent, name));
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(parent, name, file), text);
}

test('folders of demos that were killed go, with their instances; all others stay', async () => {
  await folder('burstlet-demo-killed', { pid: deadPid, 'cluster.json': cluster });
  await folder('burstlet-demo-killed-early', { pid: deadPid });
  await folder('burstlet-demo-alive', { pid: String(process.ppid), 'cluster.json': cluster });
  await folder('burstlet-demo-beginning', {});
  await folder('something-else', { pid: deadPid });
  expect(await clearUpAfterCrashes(deps(), AbortSignal.abort())).toBe(0);
  expect(await readdir(parent)).toHaveLength(5);
  expect(await clearUpAfterCrashes(deps(), new AbortController().signal)).toBe(2);
  expect((await readdir(parent)).sort()).toEqual([
    'burstlet-demo-alive',
    'burstlet-demo-beginning',
    'something-else',
  ]);
});

test('each demo has a folder of its own', async () => {
  const folders = [await createDemoFolder(deps()), await createDemoFolder(deps())];
  expect(new Set(folders).size).toBe(2);
});
