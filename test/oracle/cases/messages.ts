import type { Container } from '../../../src/kube/types.ts';
import { ended, type OracleCase, once, pod, shell, waits } from '../case.ts';

const fallback: Partial<Container> = { terminationMessagePolicy: 'FallbackToLogsOnError' };
const lines = 'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done';

function says(name: string, script: string, more: Partial<Container> = {}): OracleCase {
  return { name: `message-${name}`, ...pod(shell(script, more), once), until: ended };
}

/** What a container leaves behind as its termination message. */
export const messages: readonly OracleCase[] = [
  says('file', 'echo bye > /dev/termination-log; exit 1'),
  says('file-of-success', 'printf done > /dev/termination-log'),
  says('elsewhere', 'echo here > /tmp/last', { terminationMessagePath: '/tmp/last' }),
  says('long', `(${lines}; ${lines}; ${lines}) > /dev/termination-log`),
  says('log', 'echo out; sleep 0.3; echo err >&2; exit 1', fallback),
  says('log-of-success', 'echo out', fallback),
  says('log-and-file', 'echo out; echo file > /dev/termination-log; exit 1', fallback),
  says('long-log', `${lines}; exit 1`, fallback),
  says('long-line', 'head -c 5000 /dev/zero | tr "\\0" x; exit 1', fallback),
  says('no-newline', 'printf "a\\nb"; exit 1', fallback),
  {
    name: 'message-of-the-last-run',
    ...pod(shell('date +run > /dev/termination-log; exit 1')),
    until: waits('CrashLoopBackOff', 1),
  },
  {
    name: 'message-shares-12-ki',
    ...pod(
      ['a', 'b', 'c', 'd'].map((name) =>
        shell(`(${lines}; ${lines}; ${lines}) > /dev/termination-log`, { name }),
      ),
      once,
    ),
    until: ended,
  },
];
