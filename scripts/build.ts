/**
 * Builds dist/: the command, the provider contract and the conformance kit, bundled; types for the two latter.
 * `--standalone` bundles the dependencies too, for the container image. `--out DIR` puts it elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const { values: given } = parseArgs({
  options: { standalone: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const { standalone } = given;
const out = given.out ?? (standalone ? 'dist/standalone' : 'dist');

/**
 * Small before fast: a young generation that stays in the cache, an old one that is collected early, and no
 * optimizing compiler for the WebAssembly HTTP parser, which alone would take 27 MB. What is not JavaScript has one arena,
 * and what the compilers borrow from it for a moment (13 MB in blocks of 8 KB and more) goes back to the system.
 * docs/reference/performance.md has the effect. The Dockerfile says the same.
 */
const environment = 'MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=8192';
const flags = '--max-semi-space-size=2 --heap-growing-percent=20 --liftoff-only';

/** Name in dist → source. The shim is a program of its own: it outlives the daemon. */
const entries = {
  cli: 'src/cli/main.ts',
  contract: 'providers/contract/index.ts',
  conformance: 'providers/contract/conformance/index.ts',
  shim: 'providers/process/shim/main.ts',
};

rmSync(out, { recursive: true, force: true });
const bundle = await rolldown({
  input: entries,
  platform: 'node',
  external: (id) =>
    isBuiltin(id) || (!standalone && !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('\0')),
});
await bundle.write({
  dir: out,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  sourcemap: false,
});
await bundle.close();

const cli = `${out}/cli.js`;
const text = readFileSync(cli, 'utf8');
if (!text.startsWith('#!')) writeFileSync(cli, `#!/usr/bin/env -S ${environment} node ${flags}\n${text}`);
chmodSync(cli, 0o755);

if (!standalone) {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace(/package\.json$/, 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
}
