import { expect, test } from 'vitest';
import { readStormFlags } from '../bench/storm-flags.ts';

test('defaults and numbers', () => {
  expect(readStormFlags([])).toMatchObject({ pods: 1000, instanceMs: 0, timeoutSeconds: 300, json: false });
  expect(readStormFlags(['--pods', '20', '--instance-ms', '5'])).toMatchObject({ pods: 20, instanceMs: 5 });
});

test.each([
  [['--pods', 'x'], '--pods: "x" is not a whole number of 1 or more'],
  [['--pods', '0'], '--pods: "0"'],
  [['--pods', '1.5'], '--pods: "1.5"'],
  [['--instance-ms', ''], '--instance-ms: ""'],
  [['--timeout', '1e3'], '--timeout: "1e3"'],
  [['--kubeconfig', 'x'], '--kubeconfig and --node go together'],
  [['--pod', '3'], "Unknown option '--pod'"],
])('%j is refused', (args, message) => {
  expect(() => readStormFlags(args)).toThrow(message);
});
