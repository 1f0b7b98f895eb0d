import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../config/settings.ts';
import { silentLog } from '../../telemetry/log.ts';
import { loadProvider } from './load-provider.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-load-'));
});
afterEach(() => rm(folder, { recursive: true }));

const load = (provider: string, options: Readonly<Record<string, unknown>> = {}) =>
  loadProvider({ provider, options }, path.join(folder, 'state'), silentLog);

describe('a provider', () => {
  it('gets its options', async () => {
    const provider = await load('process', { instances: 7 });
    const { instances } = await provider.capacity(new AbortController().signal);
    await provider.close?.();
    expect(instances).toBe(7);
  });

  it.each([
    ['process', { instance: 7 }, 'provider process: provider.options.instance: there is no such option'],
    ['mock', { seed: 'x' }, 'provider mock: provider.options.seed: expected a whole number'],
  ])('%s that refuses them is an error of the configuration', async (name, options, message) => {
    const failure: unknown = await load(name, options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toContain(message);
  });

  it('that is none is an error of the configuration, and gets no folder', async () => {
    await writeFile(path.join(folder, 'empty.mjs'), 'export const nothing = 0;');
    for (const [name, message] of [
      ['no-such-package', 'it is none of'],
      ['./no-such-file.js', 'is the path right?'],
      [path.join(folder, 'empty.mjs'), 'exports no function createProvider'],
    ] as const) {
      const failure: unknown = await load(name).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigError);
      expect(String(failure)).toContain(message);
    }
    expect(await readdir(folder)).toEqual(['empty.mjs']);
  });

  it.each([
    [
      'lacks most of the contract',
      `export const createProvider = () => ({ name: 'x', list: () => [] });`,
      'lacks capabilities, capacity, create, stop, delete, observe; see docs/guides/write-a-provider.md',
    ],
    ['is nothing', 'export const createProvider = () => undefined;', 'lacks name, capabilities, capacity'],
    ['imports what is not there', `import './gone.mjs';`, 'cannot be loaded: it fails while it is loaded ('],
    ['throws at once', `throw new Error('boom');`, 'cannot be loaded: it fails while it is loaded (boom)'],
    [
      'throws',
      `export const createProvider = () => { throw new Error('boom') };`,
      'createProvider failed: boom',
    ],
    [
      'cannot say what it can do',
      `const nothing = () => undefined;
       const methods = { capacity: nothing, create: nothing, stop: nothing, delete: nothing, list: nothing };
       const capabilities = () => { throw new Error('boom') };
       export const createProvider = () => ({ name: 'x', ...methods, observe: nothing, capabilities });`,
      'capabilities failed: boom',
    ],
  ])('that %s is named, with what is wrong with it', async (title, text, message) => {
    const file = path.join(folder, `${title.replaceAll(' ', '-')}.mjs`);
    await writeFile(file, text);
    const failure: unknown = await load(file).catch((error: unknown) => error);
    expect(String(failure)).toContain(`provider ${file}`);
    expect(String(failure)).toContain(message);
    expect(failure instanceof ConfigError).toBe(!message.includes('failed: boom'));
  });
});
