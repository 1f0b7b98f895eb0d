/**
 * Runs the suites of this folder against an engine: the one of DOCKER_HOST, or one that is started for them by hand, apart
 * from any other on this machine. `--engine podman` for that kind of engine, the default is dockerd; the other arguments are
 * vitest's. Needs root, the engine and a static busybox (Debian: docker.io or podman with runc, busybox-static).
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { engineKind } from './engine-kinds.ts';

const root = path.join(import.meta.dirname, '../..');

async function main(): Promise<number> {
  const { engine, others } = readArguments(process.argv.slice(2));
  const kind = engineKind(engine);
  if (process.env.DOCKER_HOST) return suites(process.env.DOCKER_HOST, engine, others);
  const reason = kind.whyNone();
  if (reason !== undefined) {
    console.log(`docker suites skipped: ${reason}`);
    return 0;
  }
  const running = await kind.start();
  try {
    return await suites(running.host, engine, others);
  } finally {
    await running.end();
  }
}

function readArguments(args: readonly string[]): { readonly engine: string; readonly others: string[] } {
  const at = args.indexOf('--engine');
  if (at === -1) return { engine: 'dockerd', others: [...args] };
  return { engine: args[at + 1] ?? '', others: args.filter((_, index) => index !== at && index !== at + 1) };
}

function suites(host: string, engine: string, others: readonly string[]): Promise<number> {
  const config = path.join(import.meta.dirname, 'vitest.config.ts');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--root', root, '--config', config, ...others], {
    stdio: 'inherit',
    env: { ...process.env, DOCKER_HOST: host, BURSTLET_TEST_ENGINE: engine },
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

process.exitCode = await main();
