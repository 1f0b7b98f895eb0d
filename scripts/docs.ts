/** Writes the reference pages that come from tables in the code; `--check` fails when one is out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { admissionPage } from './docs/admission.ts';
import { capabilitiesPage } from './docs/capabilities.ts';

const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/admission.md': admissionPage,
  'docs/reference/capabilities.md': capabilitiesPage,
};

function current(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
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
console.log(
  `${Object.keys(pages).length} generated pages, ${stale.length} ${check ? 'out of date' : 'written'}`,
);
if (check && stale.length > 0) process.exitCode = 1;
