import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from './program.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

function burstlet(args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    input,
  });
  return { code: status, out: stdout, err: stderr };
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
}

describe('the help of every command', () => {
  const program = createProgram();

  test.each([program, ...program.commands].map((command) => [command.name(), command] as const))(
    '%s ends with examples that the program understands',
    (_, command) => {
      const [, shown = ''] = helpOf(command).split('\nExamples:\n');
      const calls = [...shown.matchAll(/\bburstlet ([a-z]+)([^|)\n]*)/g)];
      expect(calls.length).toBeGreaterThan(0);
      for (const [, name, rest = ''] of calls) {
        const called = program.commands.find((one) => one.name() === name);
        expect(called, `burstlet ${name}`).toBeDefined();
        const options = rest.replaceAll(/'[^']*'/g, '').match(/(?<= )--?[a-z][a-z-]*/g) ?? [];
        for (const option of options)
          expect(
            called?.options.some(({ short, long }) => short === option || long === option),
            option,
          ).toBe(true);
      }
    },
  );

  test.each(program.commands.map((command) => [command.name(), command] as const))(
    '%s says what each option does',
    (_, command) => {
      expect(command.summary()).not.toBe('');
      for (const { flags, description } of command.options) expect([flags, description]).not.toContain('');
    },
  );
});

describe('the command line', () => {
  test('suggests what may have been meant', () => {
    const { code, err } = burstlet(['chek']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean check?')]);
  });

  test.each(['--version', '-V', 'version'])('%s prints the version', (arg) => {
    expect(burstlet([arg])).toEqual({
      code: 0,
      out: expect.stringMatching(/^burstlet \d.* \(Node/),
      err: '',
    });
  });

  test('points to the help of the command that was meant', () => {
    expect(burstlet(['dev', '--nonsense']).err).toContain('(burstlet dev --help shows what there is)');
  });

  test('dev refuses a name that no Node can have, and options that are no object', () => {
    const named = burstlet(['dev', '--node-name', 'Bad_Name']);
    expect([named.code, named.err]).toEqual([
      2,
      expect.stringContaining('--node-name: "Bad_Name" cannot be'),
    ]);
    const { code, err } = burstlet(['dev', '--provider-options', '{bad']);
    expect([code, err]).toEqual([2, expect.stringContaining('such as {"instances":5} for process')]);
  });

  test.each([
    [['check']],
    [['check', '-f', 'x', '--nonsense']],
    [['check', '-f', 'x', '-o', 'xml']],
    [['check', '-f', 'x', '--unenforced', 'seccompProfile,privileged']],
    [['dev', '--unenforced', 'hostPort']],
    [['completion', 'tcsh']],
  ])('refuses %j with exit code 2', (args) => {
    expect(burstlet(args).code).toBe(2);
  });

  test('check exits with 0, 1 or 2', () => {
    const pod = (spec: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { ${spec} }\n`;
    const fine =
      'automountServiceAccountToken: false, containers: [{ name: c, image: burstlet.dev/host, command: [x] }]';
    expect(burstlet(['check', '-f', '-'], pod(fine))).toMatchObject({ code: 0, err: '' });
    const refused = burstlet(['check', '-f', '-', '-o', 'json'], pod(`hostUsers: false, ${fine}`));
    expect([refused.code, JSON.parse(refused.out).refused]).toEqual([1, 1]);
    const consent = burstlet(
      ['check', '-f', '-', '--unenforced', 'hostUsers, seccompProfile'],
      pod(`hostUsers: false, ${fine}`),
    );
    expect([consent.code, consent.out]).toEqual([0, expect.stringContaining('not enforced: stdin:4:')]);
    const bad = burstlet(['check', '-f', '-'], pod('hostUser: true'));
    expect([bad.code, bad.out, bad.err]).toEqual([
      2,
      '',
      expect.stringContaining('burstlet: stdin:4: unknown field'),
    ]);
  });
});
