/**
 * The same Pods on a real kubelet and on a node of Burstlet on Docker, under one real API server: their statuses, the
 * changes on the way and the reasons of their Events are compared.
 *
 *   npm run test:oracle
 *   npm run test:oracle -- --focus 'sidecar|probe' --parallel 2 --report FILE.json
 *   npm run test:oracle -- --docs                  writes docs/reference/oracle.md too
 *
 * Builds what it needs from Go modules once, and starts a dockerd and a containerd of its own. Where that cannot be
 * done it says why and skips. Exit code 1: there is a difference without a reason.
 */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoDockerd } from '../docker/dockerd.ts';
import { buildAssets } from '../e2e/controlplane/assets.ts';
import { controlPlane, defaultVersion, extras, parseVersion } from '../e2e/controlplane/builds.ts';
import { themes } from './cases/index.ts';
import { whyNoContainerd } from './containerd.ts';
import { oraclePage } from './document.ts';
import { linesOf, type Result, summaryOf, verdictOf } from './report.ts';
import { runCases } from './run-cases.ts';
import { openStage } from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    'kubernetes-version': { type: 'string', default: defaultVersion },
    focus: { type: 'string', default: '' },
    parallel: { type: 'string', default: '4' },
    report: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());

if (flags.docs && flags.focus !== '') throw new Error('--docs is of all Pods: leave --focus out');
const version = parseVersion(flags['kubernetes-version']);
const results = await oracle();
if (typeof results === 'string') {
  console.log(`skipped: ${results}`);
} else {
  console.log(summaryOf(results));
  if (flags.docs) await writePage(results);
  process.exitCode = results.some((one) => verdictOf(one) === 'DIFFERENT') ? 1 : 0;
}

/** What became of each case, or why none could run. */
async function oracle(): Promise<readonly Result[] | string> {
  const why = whyNoDockerd() ?? whyNoContainerd();
  if (why !== undefined) return why;
  const more = extras.filter(({ program }) => program === 'kubelet' || program === 'agnhost');
  const assets = await buildAssets(version, [...controlPlane, ...more], console.log);
  if ('missing' in assets) return assets.missing;
  const focus = new RegExp(flags.focus);
  const chosen = Object.entries(themes).flatMap(([theme, cases]) =>
    cases.filter(({ name }) => focus.test(name)).map((one) => ({ theme, ...one })),
  );
  const stage = await openStage(assets.folder, console.log);
  try {
    const found = await runCases(stage, chosen, {
      parallel: Number(flags.parallel),
      signal: interruption.signal,
      onResult: (result) => console.log(linesOf(result).join('\n')),
    });
    if (flags.report) {
      await writeFile(flags.report, `${JSON.stringify(found, undefined, 2)}\n`);
      for (const [node, text] of Object.entries(stage.logs()))
        await writeFile(`${flags.report}.${node}.log`, text);
    }
    return found;
  } finally {
    await stage.end();
  }
}

async function writePage(results: readonly Result[]): Promise<void> {
  const page = oraclePage(results, {
    date: new Date().toISOString().slice(0, 10),
    kubernetes: version,
    machine: `${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  });
  await writeFile(path.resolve(import.meta.dirname, '../../docs/reference/oracle.md'), page);
}
