/**
 * Runs the unmodified kubectl in PATH against a development cluster, whose Pods really run, and checks what it prints.
 *
 *   node test/kubectl/run.ts [--kubeconfig FILE [--with-node]] [WORD ...]
 *
 * --kubeconfig runs against another cluster instead, --with-node says that its Pods really run, too. WORDs choose
 * suites and cases whose name contains one of them.
 */
import { parseArgs } from 'node:util';
import { type Case, missing, runCase, type Suite } from './case.ts';
import { suites } from './cases/index.ts';
import { startCluster } from './cluster.ts';
import { Kubectl, type Result } from './kubectl.ts';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { kubeconfig: { type: 'string' }, 'with-node': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const version = Kubectl.version();
  if (version === undefined) {
    console.log('skipped: no kubectl in PATH\n0 passed, 0 failed, 1 skipped');
    return;
  }
  const cluster = values.kubeconfig === undefined ? await startCluster() : undefined;
  const kubectl = await Kubectl.create(values.kubeconfig ?? cluster?.kubeconfig ?? '');
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  try {
    console.log(`kubectl ${version}`);
    const hasNode = cluster !== undefined || values['with-node'];
    for (const suite of suites) await runSuite(suite, kubectl, tally, positionals, hasNode);
  } finally {
    await kubectl.remove();
    await cluster?.stop();
  }
  console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
  process.exitCode = tally.failed > 0 ? 1 : 0;
}

async function runSuite(
  suite: Suite,
  kubectl: Kubectl,
  tally: Tally,
  chosen: readonly string[],
  hasNode: boolean,
): Promise<void> {
  const isChosen = (one: Case): boolean =>
    chosen.length === 0 || chosen.some((word) => `${suite.name} ${one.name}`.includes(word));
  const cases = suite.cases.filter(isChosen);
  if (cases.length === 0) return;
  console.log(suite.name);
  const namespace = `t-${suite.name.replaceAll(/[^a-z]+/g, '-')}`;
  await kubectl.run({ run: `create namespace ${namespace}` });
  // Processes of the host have no place where a token could be mounted.
  const patch = `patch serviceaccount default -p '{"automountServiceAccountToken":false}'`;
  await untilItWorks(() => kubectl.in(namespace).run({ run: patch }));
  for (const one of cases) {
    const reason = missing(one, hasNode);
    if (reason !== undefined) {
      tally.skipped++;
      console.log(`  - ${one.name} (skipped: ${reason})`);
      continue;
    }
    try {
      await runCase(one, kubectl.in(namespace));
      tally.passed++;
      console.log(`  ✓ ${one.name}`);
    } catch (error) {
      tally.failed++;
      const text = error instanceof Error ? error.message : String(error);
      console.log(`  ✗ ${one.name}\n${text.replaceAll(/^/gm, '      ')}`);
    }
  }
  await kubectl.run({ run: `delete namespace ${namespace} --wait=false` });
}

async function untilItWorks(run: () => Promise<Result>): Promise<void> {
  for (let tries = 0; tries < 50; tries++) if ((await run()).exit === 0) return;
}

await main();
