import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { missingPrograms } from '../../../src/controlplane/control-plane.ts';
import {
  type Build,
  controlPlane,
  etcdModule,
  kubernetesModule,
  linkerFlags,
  metricsServerModule,
} from './builds.ts';

/** A folder with the programs, or the reason why there is none on this machine. */
export type Assets = { readonly folder: string } | { readonly missing: string };

const cache = path.resolve(import.meta.dirname, '../.cache');
const run = promisify(execFile);

/**
 * The programs of a release: from $KUBEBUILDER_ASSETS when that is set, else from the cache, else built from their Go
 * modules, which takes about ten minutes on two cores and is done once. Rejects when a build fails.
 */
export async function controlPlaneAssets(version: string, say: (line: string) => void): Promise<Assets> {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (!given) return buildAssets(version, controlPlane, say);
  const missing = await missingPrograms(given);
  if (missing.length > 0) return { missing: `KUBEBUILDER_ASSETS=${given} has no ${missing.join(', ')}` };
  return { folder: given };
}

/** Builds those of the programs that the cache has not. */
export async function buildAssets(
  version: string,
  builds: readonly Build[],
  say: (line: string) => void,
): Promise<Assets> {
  const folder = path.join(cache, version);
  const wanted: Build[] = [];
  for (const build of builds) if (!(await exists(path.join(folder, build.program)))) wanted.push(build);
  if (wanted.length === 0) return { folder };
  const go = await run('go', ['env', 'GOVERSION']).catch(() => undefined);
  if (go === undefined)
    return { missing: `no ${wanted[0]?.program} ${version} in the cache and no Go to build it` };
  say(
    `building ${wanted.map(({ program }) => program).join(', ')} of Kubernetes ${version} with ${go.stdout.trim()}; ` +
      'once, up to ten minutes',
  );
  try {
    for (const module of ['etcd', 'kubernetes', 'metrics-server'] as const) {
      const own = wanted.filter((build) => build.module === module);
      if (own.length > 0) await buildModule(version, module, own, folder, say);
    }
  } catch (error) {
    const tooOld = error instanceof Error && /requires go >= [\d.]+/.exec(error.message);
    if (tooOld) return { missing: `${go.stdout.trim()} is too old: Kubernetes ${version} ${tooOld[0]}` };
    throw error;
  }
  return { folder };
}

async function buildModule(
  version: string,
  module: Build['module'],
  builds: readonly Build[],
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  // Beside the result and moved when whole, so that an interrupted build leaves no half program.
  const work = path.join(folder, `.${module}-${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    await writeFile(path.join(work, 'go.mod'), await moduleText(version, module));
    for (const build of builds) {
      const started = Date.now();
      const flags = ['-trimpath', '-ldflags', linkerFlags(version), '-o', build.program, build.package];
      await goCommand(work, build.tests ? ['test', '-c', ...flags] : ['build', ...flags]);
      await rename(path.join(work, build.program), path.join(folder, build.program));
      say(`  ${build.program} after ${Math.round((Date.now() - started) / 1000)} s`);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function moduleText(version: string, module: Build['module']): Promise<string> {
  if (module === 'etcd') return etcdModule();
  if (module === 'metrics-server') return metricsServerModule();
  const { stdout } = await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], {
    cwd: cache,
    env: { ...process.env, GOFLAGS: '-mod=mod' },
  });
  const { GoMod } = JSON.parse(stdout) as { GoMod: string };
  return kubernetesModule(version, await readFile(GoMod, 'utf8'));
}

/** Rejects with the end of what go says. */
async function goCommand(cwd: string, args: readonly string[]): Promise<void> {
  // Without cgo no C compiler is needed. -mod=mod completes go.mod and writes go.sum, which is checked against the
  // checksum database.
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false', GOWORK: 'off' };
  const child = spawn('go', args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`go ${args[0]} ended with ${code ?? signal}:\n${said}`);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
