import { causeOf, causes } from './causes.ts';
import type { Outcome } from './report.ts';

export interface RunFacts {
  readonly date: string;
  readonly kubernetes: string;
  readonly machine: string;
  readonly minutes: number;
  readonly procs: string;
}

/** docs/reference/conformance.md: what passed by group, and every failure with its cause. */
export function conformancePage(outcomes: readonly Outcome[], facts: RunFacts): string {
  const failed = outcomes.filter(({ passed }) => !passed);
  const unexplained = failed.filter(({ name }) => causeOf(name) === undefined);
  const groups = new Map<string, { passed: number; all: number }>();
  for (const { name, passed } of outcomes) {
    const group = groupOf(name);
    const known = groups.get(group) ?? { passed: 0, all: 0 };
    groups.set(group, { passed: known.passed + (passed ? 1 : 0), all: known.all + 1 });
  }
  return [
    '# Conformance',
    '',
    "Upstream's conformance tests against a node of Burstlet on Docker, written from the report of",
    '`npm run test:conformance -- --docs`. A real control plane, our node the only one, images made on the machine; no',
    'kube-proxy, no cluster DNS. Counted are the tests of sig-node, sig-storage, sig-apps, sig-cli and sig-auth that are not',
    'Serial, Slow or Disruptive; the others test the API server or Service networking. What our own Pods do beside a real',
    'kubelet stands in [Beside a real kubelet](oracle.md).',
    '',
    `${facts.date}, Kubernetes ${facts.kubernetes}, ${facts.machine}, ${facts.procs} processes, ${facts.minutes} min:`,
    `**${outcomes.length - failed.length} of ${outcomes.length} passed**, ${failed.length} failed, ${unexplained.length} of those without a known cause.`,
    '',
    '## What failed, and why',
    '',
    ...causes.flatMap(({ cause }) => {
      const here = failed.filter(({ name }) => causeOf(name) === cause);
      return here.length === 0 ? [] : [`${cause}`, '', ...here.map(({ name }) => `- ${name}`), ''];
    }),
    ...(unexplained.length === 0
      ? []
      : [
          'Not explained yet:',
          '',
          ...unexplained.map(
            ({ name, failure }) => `- ${name}: \`${failure.slice(0, 160).replaceAll('`', "'")}\``,
          ),
          '',
        ]),
    '## Passed, by group',
    '',
    '| group | passed |',
    '|---|---|',
    ...[...groups].toSorted().map(([group, { passed, all }]) => `| ${group} | ${passed} of ${all} |`),
    '',
  ].join('\n');
}

/** `[sig-node] Pods`: the name up to the sentence. */
function groupOf(name: string): string {
  return /^(\[sig-[a-z]+\] [A-Z]\w*( [A-Z]\w*)*)/.exec(name)?.[1] ?? name;
}
