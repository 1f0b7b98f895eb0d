import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../config/settings.ts';
import { createProgram } from '../program.ts';
import { readSettings } from './run.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-run-'));
  file = path.join(folder, 'burstlet.yaml');
  const nodes = '  - { name: a, provider: mock }\n';
  await writeFile(file, `apiVersion: burstlet.dev/v1alpha1\nkind: Config\nlogLevel: warn\nnodes:\n${nodes}`);
});
afterAll(() => rm(folder, { recursive: true }));

function runCommand(program: Command): Command {
  const found = program.commands.find((command) => command.name() === 'run');
  if (found === undefined) throw new Error('no command run');
  return found;
}

/** What `burstlet run` would start with. */
async function settingsOf(...args: readonly string[]): Promise<Settings | undefined> {
  const program = createProgram();
  let settings: Settings | undefined;
  runCommand(program).action(async (flags, command) => {
    settings = await readSettings(flags, command);
  });
  await program.parseAsync(['run', ...args], { from: 'user' });
  return settings;
}

describe('a flag beside --config', () => {
  const going = ['--config', '--log-level', '--deregister'];
  const others = runCommand(createProgram()).options.filter(({ long }) => !going.includes(long ?? ''));

  it.each(others)('$long is refused', async ({ long = '', required }) => {
    const args = required ? [long, 'x'] : [long];
    await expect(settingsOf('--config', file, ...args)).rejects.toThrow(
      `--config holds everything: leave out ${long}, and say it in ${file}`,
    );
  });

  it('is not what commander puts in as a default', () => {
    expect(others.map(({ long }) => long)).toContain('--no-taint');
    return expect(settingsOf('--config', file, '--deregister')).resolves.toMatchObject({ logLevel: 'warn' });
  });

  it('--log-level wins', async () => {
    expect(await settingsOf('--config', file, '--log-level', 'debug')).toMatchObject({ logLevel: 'debug' });
    expect(await settingsOf('--provider', 'mock', '--log-level', 'error')).toMatchObject({
      logLevel: 'error',
    });
    expect(await settingsOf('--provider', 'mock')).toMatchObject({ logLevel: 'info' });
  });
});
