/**
 * The daemon against a real control plane.
 *
 *   npm run test:e2e
 *   npm run test:e2e -- --kubernetes-version v1.34.2 [NAME OF A TEST FILE ...]
 *
 * Builds the control plane when it is not in the cache. Where that cannot be done it says why and skips.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  const config = ['--config', 'test/e2e/vitest.config.ts'];
  const tests = spawn('vitest', ['run', ...config, ...positionals], {
    stdio: 'inherit',
    env: { ...process.env, BURSTLET_E2E_ASSETS: assets.folder },
  });
  const [code] = await once(tests, 'exit');
  process.exitCode = code ?? 1;
}
