import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { brokenCommands } from './check-commands.ts';
import { brokenConfigs } from './check-configs.ts';
import { anchors, brokenLinks } from './check-links.ts';
import type { Fault } from './markdown-files.ts';

function page(...lines: readonly string[]): { file: string; text: string } {
  return { file: 'docs/page.md', text: `${lines.join('\n')}\n` };
}

function said(faults: readonly Fault[]): string[] {
  return faults.map(({ line, what }) => `${line}: ${what}`);
}

describe('links', () => {
  it('lead to a file, and to a heading in it', () => {
    const links = page(
      '# A page, of sorts',
      '[fine](README.md) [up](../README.md#status) [here](#a-page-of-sorts) [web](https://example.com/x#y)',
      '[gone](nowhere.md) `[code](nowhere.md)`',
      '[no such part](README.md#nowhere)',
      '```sh',
      'echo "[code](nowhere.md)"',
      '```',
      '[after](#nowhere)',
    );
    expect(said(brokenLinks(links))).toEqual([
      '3: the link nowhere.md leads to no file',
      '4: the link README.md#nowhere leads to no heading',
      '8: the link #nowhere leads to no heading',
    ]);
  });

  it('know headings as GitHub names them', () => {
    const text = '# `burstlet run`, and: more\n## More\n```sh\n# no heading\n```\n## More\n';
    expect(anchors(text)).toEqual(['burstlet-run-and-more', 'more', 'more-1']);
  });
});

describe('examples of burstlet.yaml', () => {
  it('are what burstlet run takes', () => {
    const head = ['```yaml', 'apiVersion: burstlet.dev/v1alpha1', 'kind: Config', 'nodes:'];
    const fine = page(...head, '  - { name: a, provider: mock }', '```', '```yaml', 'kind: Pod', '```');
    expect(brokenConfigs(fine)).toEqual([]);
    const misspelt = page(...head, '  - { name: a, provder: mock }', '```');
    expect(said(brokenConfigs(misspelt))[0]).toMatch(
      /^2: .*burstlet\.yaml:4: nodes\[0\]\.provder: unknown key/s,
    );
    const twice = page(...head, '  - { name: a, provider: mock }', '  - { name: b, provider: mock }', '```');
    expect(said(brokenConfigs(twice))[0]).toMatch('port 10250 is taken by an earlier node');
  });
});

describe('shell examples', () => {
  const known = {
    program: createProgram(),
    scripts: { test: 'vitest run', burstlet: 'node src/cli/main.ts', demo: 'node src/cli/main.ts demo' },
  };
  const faults = (...lines: readonly string[]): string[] =>
    said(brokenCommands(page('```sh', ...lines, '```'), known));

  it('name commands, options and scripts that exist', () => {
    expect(
      faults(
        'npm ci && npm run demo -- --exit   # --no-such-option',
        'helm template ./chart | burstlet check -f - -o json',
        `burstlet dev --provider-options '{"--x":1}' \\`,
        '  --port=0',
        'npm run -s burstlet -- run --no-taint',
        'burstlet --help',
        'echo burstlets fly --fast',
      ),
    ).toEqual([]);
  });

  it('are held against what there is', () => {
    expect(
      faults(
        'burstlet fly',
        'burstlet dev \\',
        '  --fast',
        'npm run -s burstlet -- run --taint',
        'npm ci && npm run demo -- --fast',
        'npm run fly',
      ),
    ).toEqual([
      '2: burstlet has no command fly',
      '3: burstlet dev has no option --fast',
      '5: burstlet run has no option --taint',
      '6: burstlet demo has no option --fast',
      '7: package.json has no script fly',
    ]);
  });
});

describe('the page of metrics', () => {
  it('has every family, with its type and labels, and no other', () => {
    const metrics = createMetrics();
    metrics.apiCall({ verb: 'get', resource: 'pods', code: '200', seconds: 1 });
    metrics.providerCall({ provider: 'mock', call: 'list', outcome: 'ok', seconds: 1 });
    const figures = { pods: 0, instances: 0, orphans: 0, queueDepth: 0, statusQueueDepth: 0 };
    const spending = [
      { namespace: 'a', owner: 'Job/a', market: 'spot', currency: 'USD', perSecond: 1, total: 1 },
    ];
    metrics.observeNode('a', () => ({ ...figures, streams: { exec: 1 }, spending }));
    metrics.queueWait('a', 1);
    metrics.statusLag('a', 1);
    metrics.certificateRequest({ node: 'a', usage: 'server', outcome: 'issued' });
    metrics.observeCertificate('a', 'server', () => ({ expiresAt: 0, pending: false }));
    // The bounds of the buckets are no label that anybody chooses.
    const text = metrics.render().text.replaceAll(/,le="[^"]+"/g, '');
    const families = [...text.matchAll(/^# TYPE (\S+) (\S+)\n\S+?(?:\{(.*)\})? /gm)].map(
      ([, name, type, labels = '']) =>
        [name, type, [...labels.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``).join(', ')].join(
          ' | ',
        ),
    );
    const rows = readFileSync('docs/reference/metrics.md', 'utf8').matchAll(
      /^\| `(\w+)` \| (\w+) \| ?(.*?) ?\| .+ \|$/gm,
    );
    expect([...rows].map(([, ...cells]) => cells.join(' | ')).sort()).toEqual(families.sort());
    expect(families.length).toBe([...text.matchAll(/^# TYPE/gm)].length);
  });
});
