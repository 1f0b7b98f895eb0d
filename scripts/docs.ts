/**
 * Writes the reference pages that come from tables in the code. `--check` fails when one is out of date, when a link
 * leads nowhere, when an example of burstlet.yaml is refused, and when a shell example names what is not there.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createProgram } from '../src/cli/program.ts';
import { admissionPage } from './docs/admission.ts';
import { capabilitiesPage } from './docs/capabilities.ts';
import { brokenCommands } from './docs/check-commands.ts';
import { brokenConfigs } from './docs/check-configs.ts';
import { brokenLinks } from './docs/check-links.ts';
import { cliPage } from './docs/cli.ts';
import { configurationPage } from './docs/configuration.ts';
import { markdownFiles } from './docs/markdown-files.ts';

const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/admission.md': admissionPage,
  'docs/reference/capabilities.md': capabilitiesPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/configuration.md': () =>
    configurationPage(readFileSync('docs/examples/burstlet.yaml', 'utf8')),
};

function current(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function faults(): string[] {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
  const known = { program: createProgram(), scripts };
  return markdownFiles()
    .flatMap((page) => [...brokenLinks(page), ...brokenConfigs(page), ...brokenCommands(page, known)])
    .map(({ file, line, what }) => `${file}:${line}: ${what}`);
}

const check = process.argv.includes('--check');
const stale = Object.entries(pages)
  .map(([file, generate]) => ({ file, text: generate() }))
  .filter(({ file, text }) => current(file) !== text);

for (const { file, text } of stale) {
  if (check) {
    console.error(`${file} is out of date; run \`npm run docs\``);
    continue;
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
const wrong = check ? faults() : [];
for (const fault of wrong) console.error(fault);
console.log(
  `${Object.keys(pages).length} generated pages, ${stale.length} ${check ? 'out of date' : 'written'}`,
);
if (check && stale.length + wrong.length > 0) process.exitCode = 1;
