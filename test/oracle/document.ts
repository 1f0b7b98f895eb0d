import { allowances } from './allowed.ts';
import { keysOf, type Result, summaryOf, verdictOf } from './report.ts';

export interface RunFacts {
  readonly date: string;
  readonly kubernetes: string;
  readonly machine: string;
}

/** docs/reference/oracle.md: what was compared, every Pod with its verdict, and why a difference may be. */
export function oraclePage(results: readonly Result[], facts: RunFacts): string {
  const needed = keysOf(results);
  const themes = [...new Set(results.map(({ theme }) => theme))];
  const open = results.filter((result) => verdictOf(result) === 'DIFFERENT');
  return [
    '<!-- Written by `npm run test:oracle -- --docs`; a change by hand is lost. -->',
    '',
    '# Beside a real kubelet',
    '',
    'The same Pods on a real kubelet with containerd and on a node of Burstlet on Docker, under one real API server.',
    'Compared are the status that a Pod comes to, field by field; the changes of its phase, its conditions and its',
    'containers on the way; and the Events, by type, reason and container. Made equal before: ids, times, addresses, the',
    'names of node and namespace. A state that was over within 5 s may be missing on either side, for two changes may come',
    'in one write; how long a container ran may differ by 4 s. Where a Pod writes what it finds inside into its',
    'termination message, that is compared too. A Pod with a difference that has no reason below is run again, up to',
    'twice, and what differs every time counts.',
    '',
    `${facts.date}, Kubernetes ${facts.kubernetes}, ${facts.machine}: ${results.length} Pods, **${summaryOf(results)}**.`,
    '',
    '## Differences that may be',
    '',
    '| | Why |',
    '|---|---|',
    ...allowances
      .filter(({ key, everywhere }) => everywhere || needed.includes(key))
      .map(({ key, reason, everywhere }) => `| ${key}${everywhere ? ' (any Pod)' : ''} | ${reason} |`),
    '',
    ...(open.length === 0 ? [] : ['## Not explained yet', '', ...open.map(({ name }) => `- ${name}`), '']),
    ...themes.flatMap((theme) => [
      `## ${theme}`,
      '',
      '| Pod | Verdict |',
      '|---|---|',
      ...results.filter((result) => result.theme === theme).map(row),
      '',
    ]),
  ].join('\n');
}

function row(result: Result): string {
  const note = keysOf([result]).join(', ');
  return `| ${result.name} | ${verdictOf(result)}${note === '' ? '' : ` (${note})`} |`;
}
