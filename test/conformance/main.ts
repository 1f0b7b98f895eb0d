/**
 * Upstream's own conformance tests against a node of Burstlet on Docker: a real control plane, our node the only one.
 *
 *   npm run test:conformance                       all that exercise a node
 *   npm run test:conformance -- --smoke            about thirty
 *   npm run test:conformance -- --focus 'InitContainer' --procs 2 --report FOLDER
 *   npm run test:conformance -- --docs             writes docs/reference/conformance.md too
 *
 * Builds what it needs from Go modules once; starts a dockerd of its own unless DOCKER_HOST is set. Where that cannot
 * be done it says why and skips.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../../src/controlplane/control-plane.ts';
import { Dockerd, whyNoDockerd } from '../docker/dockerd.ts';
import { buildAssets } from '../e2e/controlplane/assets.ts';
import { controlPlane, defaultVersion, extras, parseVersion } from '../e2e/controlplane/builds.ts';
import { clientOf } from '../e2e/support/client.ts';
import { startDaemon } from '../e2e/support/daemon.ts';
import { untilReady } from '../e2e/support/ready-node.ts';
import { conformancePage } from './document.ts';
import { makeImages } from './images.ts';
import { type GinkgoSuite, type Outcome, outcomesOf } from './report.ts';
import { focus, skip, smoke } from './selection.ts';

const { values: flags } = parseArgs({
  options: {
    'kubernetes-version': { type: 'string', default: defaultVersion },
    focus: { type: 'string', default: focus },
    smoke: { type: 'boolean', default: false },
    procs: { type: 'string', default: '6' },
    report: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());

const outcome = await conformance();
if (typeof outcome === 'string') {
  console.log(`skipped: ${outcome}`);
  console.log('0 passed, 0 failed, 1 skipped');
} else {
  for (const { name, failure } of outcome.filter(({ passed }) => !passed))
    console.log(`failed: ${name}\n    ${failure}`);
  const passed = outcome.filter((one) => one.passed).length;
  console.log(`${passed} passed, ${outcome.length - passed} failed, 0 skipped`);
  process.exitCode = passed === outcome.length ? 0 : 1;
}

/** What became of each test, or why none could run. */
async function conformance(): Promise<readonly Outcome[] | string> {
  const began = Date.now();
  const noEngine = process.env.DOCKER_HOST ? undefined : whyNoDockerd();
  if (noEngine !== undefined) return noEngine;
  const version = parseVersion(flags['kubernetes-version']);
  const needed = extras.filter(({ program }) => program !== 'kubelet');
  const assets = await buildAssets(version, [...controlPlane, ...needed], console.log);
  if ('missing' in assets) return assets.missing;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-conformance-'));
  const ends: (() => Promise<unknown>)[] = [
    () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  ];
  try {
    const dockerd = process.env.DOCKER_HOST ? undefined : await Dockerd.start();
    if (dockerd !== undefined) ends.push(() => dockerd.end());
    const dockerHost = dockerd?.host ?? process.env.DOCKER_HOST ?? '';
    console.log('making images ...');
    await makeImages(dockerHost, path.join(assets.folder, 'agnhost'));
    const cluster = await startControlPlane({ assets: assets.folder });
    ends.push(() => cluster.stop());
    const kubeconfig = path.join(folder, 'admin.kubeconfig');
    await cluster.writeKubeconfig(kubeconfig);
    const node = await startDaemon({
      ...{ node: 'burst-0', provider: 'docker', options: { host: dockerHost, instances: 500 } },
      ...{ kubeconfig, folder, taint: false, scheduler: false, capacity: { cpu: '16' } },
      address: dockerd?.address ?? '127.0.0.1',
    });
    ends.push(() => node.stop());
    const client = await clientOf(kubeconfig);
    ends.push(() => client.close());
    await untilReady(client, node);
    const report = path.resolve(flags.report ?? path.join(folder, 'report'));
    await mkdir(report, { recursive: true });
    await runGinkgo(assets.folder, kubeconfig, report);
    await writeFile(path.join(report, 'daemon.log'), node.log());
    const suites: GinkgoSuite[] = JSON.parse(await readFile(path.join(report, 'report.json'), 'utf8'));
    const outcomes = outcomesOf(suites);
    if (flags.docs) await writePage(outcomes, version, Math.round((Date.now() - began) / 60_000));
    return outcomes;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function writePage(outcomes: readonly Outcome[], kubernetes: string, minutes: number): Promise<void> {
  const machine = `${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  const page = conformancePage(outcomes, { date, kubernetes, machine, minutes, procs: flags.procs });
  await writeFile(path.resolve(import.meta.dirname, '../../docs/reference/conformance.md'), page);
}

async function runGinkgo(assets: string, kubeconfig: string, report: string): Promise<void> {
  const tests = [
    ...['--provider=skeleton', `--kubeconfig=${kubeconfig}`, '--num-nodes=1', '--minStartupPods=0'],
    ...['--allowed-not-ready-nodes=-1', '--dns-domain=cluster.local', '--delete-namespace-on-failure=true'],
    ...['--kubectl-path=kubectl', `--report-dir=${report}`],
  ];
  const chosen = flags.smoke ? smoke : flags.focus;
  const ginkgo = spawn(
    path.join(assets, 'ginkgo'),
    [
      ...[`--procs=${flags.procs}`, '--timeout=2h', '--silence-skips', '--succinct', '--no-color'],
      ...[`--focus=${chosen}`, `--skip=${skip}`],
      ...(flags.smoke ? ['--label-filter=Conformance'] : []),
      ...[`--output-dir=${report}`, '--json-report=report.json', '--junit-report=junit.xml'],
      ...[path.join(assets, 'e2e.test'), '--', ...tests],
    ],
    { stdio: 'inherit', signal: interruption.signal },
  );
  await once(ginkgo, 'exit');
}
