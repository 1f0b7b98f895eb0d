/**
 * Runs the suites of this folder against an engine: the one of DOCKER_HOST, or a dockerd that is started for them by
 * hand, apart from any other on this machine. Needs root, dockerd and a static busybox (Debian: docker.io, busybox-static).
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { Dockerd, whyNoDockerd } from './dockerd.ts';

const root = path.join(import.meta.dirname, '../..');

async function main(): Promise<number> {
  if (process.env.DOCKER_HOST) return suites(process.env.DOCKER_HOST);
  const reason = whyNoDockerd();
  if (reason !== undefined) {
    console.log(`docker suites skipped: ${reason}`);
    return 0;
  }
  const dockerd = await Dockerd.start();
  try {
    return await suites(dockerd.host);
  } finally {
    await dockerd.end();
  }
}

function suites(host: string): Promise<number> {
  const config = path.join(import.meta.dirname, 'vitest.config.ts');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--root', root, '--config', config, ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, DOCKER_HOST: host } },
  );
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

process.exitCode = await main();
