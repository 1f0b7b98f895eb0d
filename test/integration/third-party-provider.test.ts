import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderError, providerErrorKind } from '../../providers/contract/index.ts';
import { loadProvider } from '../../src/cli/wiring/load-provider.ts';
import { silentLog } from '../../src/telemetry/log.ts';

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');
const guide = path.join(repository, 'docs/guides/write-a-provider.md');

/** A folder outside the repository, as a third party has it. */
let folder: string;

/** The code block of the guide that begins with the name of the file. */
function block(text: string, file: string): string {
  const found = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].find(([, code]) =>
    code?.startsWith(`// ${file}\n`),
  );
  if (found?.[1] === undefined) throw new Error(`${guide} has no code block for ${file}`);
  return found[1];
}

/** The package as published, with only the two entry points that a provider uses, each with its own copy of the code. */
async function installPackage(into: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  const home = path.join(into, 'node_modules/burstlet');
  const { './contract': contract, './conformance': conformance } = manifest.exports;
  for (const [entry, source] of [
    [contract, 'providers/contract/index.ts'],
    [conformance, 'providers/contract/conformance/index.ts'],
  ] as const) {
    if (entry === undefined) throw new Error(`package.json exports nothing for ${source}`);
    const bundle = await rolldown({ input: path.join(repository, source), platform: 'node' });
    await bundle.write({ file: path.join(home, entry.default), format: 'esm' });
    await bundle.close();
  }
  const { exports } = manifest;
  await writeFile(
    path.join(home, 'package.json'),
    JSON.stringify({ name: 'burstlet', type: 'module', exports }),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-third-party-'));
  const text = await readFile(guide, 'utf8');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const file of ['toy-provider.js', 'toy-provider.test.js'])
    await writeFile(path.join(folder, file), block(text, file));
  await installPackage(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the provider of the guide', () => {
  it('passes the conformance kit under node:test', { timeout: 60_000 }, async () => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], {
      cwd: folder,
      env: { PATH: process.env.PATH },
    }).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    });
    const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
    expect(count('fail')).toBe(0);
    expect(count('pass')).toBeGreaterThan(35);
    // What it lacks, and the init containers that its table refuses.
    expect(count('skipped')).toBe(21);
  });

  it('is loaded by its path, and its errors are known though its copy of the package is its own', async () => {
    const choice = { provider: path.join(folder, 'toy-provider.js'), options: {} };
    const provider = await loadProvider(choice, path.join(folder, 'state'), silentLog);
    const unknown = { id: 'toy-0', podUid: '0' };
    const error: unknown = await provider
      .stop(unknown, { gracePeriodSeconds: 1 }, new AbortController().signal)
      .catch((reason: unknown) => reason);
    expect(Object.getPrototypeOf(error)).not.toBe(ProviderError.prototype);
    expect(error instanceof ProviderError).toBe(true);
    expect(providerErrorKind(error)).toBe('NotFound');
  });

  it('type-checks against the contract', { timeout: 60_000 }, async () => {
    const config = {
      compilerOptions: {
        target: 'es2024',
        module: 'nodenext',
        types: ['node'],
        typeRoots: [path.join(repository, 'node_modules/@types')],
        strict: true,
        noImplicitAny: false,
        allowJs: true,
        checkJs: true,
        noEmit: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        paths: {
          'burstlet/contract': [path.join(repository, 'providers/contract/index.ts')],
          'burstlet/conformance': [path.join(repository, 'providers/contract/conformance/index.ts')],
        },
      },
      include: ['*.js'],
    };
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = path.join(repository, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });
});
