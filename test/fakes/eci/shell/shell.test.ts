import { expect, it } from 'vitest';
import { commandsOf } from './commands.ts';
import { guessProgram } from './guess-program.ts';
import { runCommand } from './run-command.ts';

it.each([
  [`echo a  b; sleep 3\nexit`, [['echo', 'a', 'b'], ['sleep', '3'], ['exit']]],
  [`echo "a; b" 'c && d'&&true`, [['echo', 'a; b', 'c && d'], ['true']]],
  [`printf '%s:%s' x $?`, [['printf', '%s:%s', 'x', '$?']]],
  [`echo a\\ b "c\\"d" 'e'f`, [['echo', 'a b', 'c"d', 'ef']]],
  [`nc -l & wait`, [['nc', '-l', '&', 'wait']]],
  [
    `"$@" 2>&1; echo end`,
    [
      ['one', 'two three'],
      ['echo', 'end'],
    ],
  ],
])('%s', (script, commands) => {
  expect(commandsOf(script, ['one', 'two three'])).toEqual(commands);
});

it.each([
  [['sh', '-c', 'echo "hello world"; sleep 3; exit 4'], ['hello world'], [{ code: 4, afterMs: 3000 }]],
  [['/bin/bash', '-c', "echo one && echo 'two'\nsleep 1.5m"], ['one', 'two'], [{ code: 0, afterMs: 90_000 }]],
  [['sh', '-c', 'false'], [], [{ code: 1, afterMs: 0 }]],
  [['sh', '-c', 'false; true; exit'], [], [{ code: 0, afterMs: 0 }]],
  [['echo', 'a', 'b'], ['a b'], [{ code: 0, afterMs: 0 }]],
  [['sleep', '5'], [], [{ code: 0, afterMs: 5000 }]],
  [['sleep', 'infinity'], [], []],
  [['sh', '-c', 'echo up; nginx; echo down'], ['up'], []],
  [['sh', '-c', 'while true; do echo x; sleep 1; done'], [], []],
  [[], ['started'], []],
])('guesses %j', (words, logs, exits) => {
  expect(guessProgram(words)).toMatchObject({ logs, exits });
});

it.each([
  [['echo', 'a', 'b'], 'a b\n', 0],
  [['ls', '-l'], 'sh: ls: not found\n', 127],
  [['env'], 'KEY=value\n', 0],
  [['sh', '-c', 'echo a; exit 3; echo b'], 'a\n', 3],
  [['sh', '-c', 'false'], '', 1],
  [
    ['/bin/sh', '-c', `"$@" 2>&1; printf '%s:%s' mark $?`, 'sh', 'sh', '-c', 'echo x; exit 7'],
    'x\nmark:7',
    0,
  ],
  [['printf', '%s\\n', 'a b'], 'a b\n', 0],
])('runs %j', (words, output, code) => {
  expect(runCommand(words, new Map([['KEY', 'value']]))).toEqual({ output, code });
});
