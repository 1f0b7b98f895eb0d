/**
 * The daemon against a real control plane.
 *
 *   npm run test:e2e
 *   npm run test:e2e -- --kubernetes-version v1.34.2 [NAME OF A TEST FILE ...]
 *
 * Builds the control plane when it is not in the cache. Where that cannot be done it says why and skips. The tests that
 * start a control plane of their own mostly wait: they run beside the others.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { controlPlaneAssets } from './controlplane/assets.ts';
import { defaultVersion, parseVersion } from './controlplane/builds.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'kubernetes-version': { type: 'string', default: defaultVersion } },
});
const version = parseVersion(flags['kubernetes-version']);
const assets = await controlPlaneAssets(version, console.log);
if ('missing' in assets) {
  console.log(`skipped: ${assets.missing}`);
  console.log('0 passed, 0 failed, 1 skipped');
} else {
  console.log(`Kubernetes ${version}, from ${assets.folder}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-e2e-report-'));
  try {
    await run(assets.folder, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(programs: string, folder: string): Promise<void> {
  const parts = ['shared', 'apart'] as const;
  const codes = await Promise.all(
    parts.map((part) => runPart(part, programs, path.join(folder, `${part}.json`))),
  );
  const counts = await Promise.all(parts.map((part) => countsOf(path.join(folder, `${part}.json`))));
  const [passed, failed, skipped] = [0, 1, 2].map((at) => counts.reduce((sum, of) => sum + (of[at] ?? 0), 0));
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
}

/** What runs beside is shown when it is done, so that the lines of the two do not mix. */
async function runPart(part: 'shared' | 'apart', programs: string, report: string): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const config = ['--config', 'test/e2e/vitest.config.ts'];
  const tests = spawn('vitest', ['run', ...config, ...reporters, ...positionals], {
    stdio: ['ignore', part === 'shared' ? 'inherit' : 'pipe', 'inherit'],
    env: { ...process.env, BURSTLET_E2E_ASSETS: programs, BURSTLET_E2E_PART: part },
  });
  let output = '';
  tests.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(tests, 'close');
  console.log(output);
  return code ?? 1;
}

async function countsOf(report: string): Promise<readonly number[]> {
  try {
    const {
      numPassedTests = 0,
      numFailedTests = 0,
      numPendingTests = 0,
    } = JSON.parse(await readFile(report, 'utf8'));
    return [numPassedTests, numFailedTests, numPendingTests];
  } catch {
    // It did not come so far as to write one; its exit code says so.
    return [0, 1, 0];
  }
}
