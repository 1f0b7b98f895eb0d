import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../program.ts';
import { bashCompletion } from './bash.ts';
import { completionModel } from './completion-model.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

const model = completionModel(createProgram());
const names = model.commands.map(({ name }) => name);
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'burstlet-completion-'));
  for (const name of ['pods one.yaml', 'pods-two.yaml']) writeFileSync(path.join(folder, name), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function outputOf(shell: string, args: readonly string[]): string {
  return execFileSync(shell, args, { cwd: folder, encoding: 'utf8' });
}

function missing(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).error !== undefined;
}

test('the model has every command, and knows which options take what', () => {
  expect(names).toEqual(
    expect.arrayContaining(['run', 'dev', 'demo', 'check', 'completion', 'version', 'help']),
  );
  const check = model.commands.find(({ name }) => name === 'check');
  const valuesOf = (option: string) => check?.options.find(({ names: own }) => own.includes(option))?.values;
  expect(valuesOf('-f')).toEqual({ words: [], paths: 'files' });
  expect(valuesOf('--output')).toEqual({ words: ['text', 'json'], paths: 'none' });
  expect(valuesOf('--verbose')).toBeUndefined();
});

describe('bash', () => {
  const script = bashCompletion(model);

  /** Lets the function complete the last of the words, as readline calls it. */
  function complete(...words: string[]): string[] {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const call = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
      _burstlet 2>/dev/null; ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"; true`;
    return outputOf('bash', ['--norc', '-c', call]).split('\n').slice(0, -1);
  }

  test('the script is one', () => {
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(script).toContain('complete -F _burstlet burstlet');
  });

  test.each([
    [
      ['burstlet', ''],
      [...names, '-h', '--help', '-V', '--version'],
    ],
    [
      ['burstlet', 'de'],
      ['dev', 'demo'],
    ],
    [['burstlet', 'run', '--lo'], ['--log-level']],
    [['burstlet', 'run', '--log-level', 'w'], ['warn']],
    [
      ['burstlet', 'run', '--log-level', '='],
      ['debug', 'info', 'warn', 'error'],
    ],
    [['burstlet', 'run', '--log-level', '=', 'e'], ['error']],
    [
      ['burstlet', 'check', '--output', ''],
      ['text', 'json'],
    ],
    [
      ['burstlet', 'check', '-f', 'pods'],
      ['pods one.yaml', 'pods-two.yaml'],
    ],
    [['burstlet', 'check', '--provider', 'm'], ['mock']],
    [['burstlet', 'check', '--provider', 'pods-'], ['pods-two.yaml']],
    [['burstlet', 'demo', '--e'], ['--exit']],
    [['burstlet', 'dev', '--port', ''], []],
    [['burstlet', 'completion', 'b'], ['bash']],
    [['burstlet', 'help', 'ch'], ['check']],
    [
      ['burstlet', 'nonsense', '--'],
      ['--help', '--version'],
    ],
  ])('%j', (words, replies) => {
    expect(complete(...words).sort()).toEqual([...replies].sort());
  });
});

describe.skipIf(missing('zsh'))('zsh', () => {
  test('the script is one', () => {
    const script = zshCompletion(model);
    expect(spawnSync('zsh', ['-f', '-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(script.startsWith('#compdef burstlet\n')).toBe(true);
  });
});

describe.skipIf(missing('fish'))('fish', () => {
  test.each([
    ['burstlet de', ['demo', 'dev']],
    ['burstlet run --log-level ', ['debug', 'error', 'info', 'warn']],
    ['burstlet completion ', ['bash', 'fish', 'zsh']],
    ['burstlet check --ver', ['--verbose']],
  ])('%s', (line, replies) => {
    const call = `${fishCompletion(model)}\ncomplete -C ${JSON.stringify(line)}`;
    const output = outputOf('fish', ['--no-config', '-c', call]);
    expect(
      output
        .trim()
        .split('\n')
        .map((reply) => reply.split('\t')[0]),
    ).toEqual(replies);
  });
});

test('without the shells, their scripts have every command and option all the same', () => {
  for (const script of [zshCompletion(model), fishCompletion(model)]) {
    for (const { name, options } of model.commands) {
      expect(script).toContain(name);
      for (const option of options.flatMap((one) => one.names))
        expect(script).toContain(option.replace(/^--?/, ''));
    }
  }
});
