/**
 * A real control plane in the foreground, until Ctrl-C.
 *
 *   npm run controlplane
 *   npm run controlplane -- --kubernetes-version v1.34.2 --kubeconfig ./kubeconfig
 *   npm run controlplane -- --build-only [kubelet e2e.test agnhost]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { untilInterrupted, whenAborted } from '../../../src/cli/signals.ts';
import { startControlPlane } from '../../../src/controlplane/control-plane.ts';
import { type Assets, buildAssets, controlPlaneAssets } from './assets.ts';
import { controlPlane, defaultVersion, extras, parseVersion } from './builds.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'kubernetes-version': { type: 'string', default: defaultVersion },
    kubeconfig: { type: 'string' },
    'build-only': { type: 'boolean', default: false },
  },
});
const version = parseVersion(flags['kubernetes-version']);
const assets = await findAssets();
if ('missing' in assets) {
  console.error(`controlplane: ${assets.missing}`);
  process.exitCode = 1;
} else if (flags['build-only']) console.log(assets.folder);
else await serve(assets.folder);

function findAssets(): Promise<Assets> {
  if (!flags['build-only']) return controlPlaneAssets(version, console.error);
  const more = positionals.map((name) => {
    const build = extras.find(({ program }) => program === name);
    if (build === undefined)
      throw new Error(`${name}: there is ${extras.map(({ program }) => program).join(', ')}`);
    return build;
  });
  return buildAssets(version, [...controlPlane, ...more], console.error);
}

async function serve(folder: string): Promise<void> {
  const { signal, dispose } = untilInterrupted(() => console.log('stopping ...'));
  try {
    const cluster = await startControlPlane({ assets: folder, signal });
    try {
      const kubeconfig = path.resolve(flags.kubeconfig ?? path.join(cluster.folder, 'kubeconfig'));
      await cluster.writeKubeconfig(kubeconfig);
      console.log(`Kubernetes ${version} is ready: ${cluster.url}\n`);
      console.log(`  export KUBECONFIG=${kubeconfig}\n\nCtrl-C ends it.`);
      const trouble = await Promise.race([whenAborted(signal), cluster.broken]);
      if (trouble !== undefined) throw new Error(trouble);
    } finally {
      await cluster.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    dispose();
  }
}
