import type { Container } from '../../../src/kube/types.ts';
import {
  ended,
  forever,
  type OracleCase,
  once,
  onTerm,
  pod,
  polite,
  ready,
  server,
  shell,
  waits,
} from '../case.ts';
import { deletePod } from './deletions.ts';

type Lifecycle = NonNullable<Container['lifecycle']>;
type Handler = NonNullable<Lifecycle['preStop']>;

const run = (...command: string[]): Handler => ({ exec: { command } });
const stop = (handler: Handler): Partial<Container> => ({ lifecycle: { preStop: handler } });
const start = (handler: Handler): Partial<Container> => ({ lifecycle: { postStart: handler } });

/** Deleted once it is ready; the finalizer keeps what became of it. */
function stopped(name: string, container: Container, grace = 5): OracleCase {
  return {
    name: `pre-stop-${name}`,
    ...pod(container, { terminationGracePeriodSeconds: grace }),
    metadata: { finalizers: ['burstlet.dev/oracle'] },
    steps: [{ when: ready, act: deletePod }],
    until: ended,
  };
}

const leavesWord = `touch /tmp/word; ${onTerm('cat /tmp/word > /dev/termination-log; exit 0')}`;

/** Lifecycle hooks. */
export const hooks: readonly OracleCase[] = [
  {
    name: 'post-start-fails',
    ...pod(shell(polite(), start(run('sh', '-c', 'exit 4')))),
    until: waits('CrashLoopBackOff', 1),
  },
  { name: 'post-start-fails-never', ...pod(shell(polite(6), start(run('false'))), once), until: ended },
  {
    name: 'post-start-http-refused',
    ...pod(server(start({ httpGet: { port: 9999, path: '/' } }))),
    until: waits('CrashLoopBackOff', 1),
  },
  {
    name: 'post-start-command-missing',
    ...pod(shell(polite(), start(run('/no/such')))),
    until: waits('CrashLoopBackOff', 1),
  },
  { name: 'post-start-slow', ...pod(shell('sleep 600', start(run('sleep', '4')))), until: ready },
  {
    name: 'post-start-sleep',
    ...pod(shell('sleep 600', start({ sleep: { seconds: 4 } })), { terminationGracePeriodSeconds: 10 }),
    until: ready,
  },
  {
    name: 'post-start-holds-the-next',
    ...pod([
      shell('sleep 600', { name: 'a', ...start(run('sleep', '4')) }),
      shell('sleep 600', { name: 'b' }),
    ]),
    until: ready,
  },
  stopped('exec', shell(leavesWord, stop(run('sh', '-c', 'sleep 1; echo stopped > /tmp/word')))),
  stopped('sleep', shell(polite(), stop({ sleep: { seconds: 3 } }))),
  stopped(
    'http',
    server({
      ...stop({ httpGet: { port: 8080, path: '/healthz' } }),
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }),
  ),
  stopped('fails', shell(polite(), stop(run('false')))),
  stopped('command-missing', shell(polite(), stop(run('/no/such')))),
  stopped('takes-too-long', shell(polite(), stop(run('sleep', '60'))), 4),
  stopped('and-ignores-sigterm', shell(forever, stop({ sleep: { seconds: 2 } })), 4),
];
