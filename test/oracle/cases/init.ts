import type { Container, PodSpec } from '../../../src/kube/types.ts';
import {
  both,
  ended,
  forever,
  type OracleCase,
  once,
  onTerm,
  phase,
  pod,
  polite,
  ready,
  restarted,
  runs,
  server,
  shell,
  waits,
} from '../case.ts';

const kept = { volumes: [{ name: 'kept', emptyDir: {} }] };
const mount = { volumeMounts: [{ name: 'kept', mountPath: '/kept' }] };
const always: Partial<Container> = { restartPolicy: 'Always' };

function inits(...initContainers: Container[]): Partial<PodSpec> {
  return { initContainers };
}
const first = (script: string, more: Partial<Container> = {}): Container =>
  shell(script, { name: 'first', ...more });
const second = (script: string, more: Partial<Container> = {}): Container =>
  shell(script, { name: 'second', ...more });
const sidecar = (script: string, more: Partial<Container> = {}): Container =>
  shell(script, { name: 'side', ...always, ...more });

/** Init containers, sidecars, and in which order they come and go. */
export const init: readonly OracleCase[] = [
  {
    name: 'init-order',
    ...pod(shell('cat /kept/order > /dev/termination-log', mount), {
      ...once,
      ...kept,
      ...inits(first('echo 1 >> /kept/order', mount), second('echo 2 >> /kept/order', mount)),
    }),
    until: ended,
  },
  { name: 'init-then-running', ...pod(server(), inits(first('sleep 1'), second('sleep 4'))), until: ready },
  ...(['Never', 'OnFailure', 'Always'] as const).map((restartPolicy) => ({
    name: `init-fails-${restartPolicy.toLowerCase()}`,
    ...pod(server(), { restartPolicy, ...inits(first('sleep 1; exit 7'), second('exit 0')) }),
    until: restartPolicy === 'Never' ? ended : waits('CrashLoopBackOff', 1),
  })),
  {
    name: 'init-second-fails',
    ...pod(server(), { ...once, ...inits(first('exit 0'), second('exit 8')) }),
    until: ended,
  },
  {
    name: 'init-recovers',
    ...pod(server(), {
      ...kept,
      ...inits(first('test -e /kept/seen && exit 0; touch /kept/seen; exit 1', mount)),
    }),
    until: ready,
  },
  {
    name: 'init-command-missing',
    ...pod(server(), { ...once, ...inits({ ...first(''), command: ['/no/such'] }) }),
    until: ended,
  },
  { name: 'init-running', ...pod(server(), inits(first('sleep 600'))), until: runs('first') },
  { name: 'sidecar-running', ...pod(server(), inits(sidecar(polite()))), until: ready },
  {
    name: 'sidecar-before-init',
    ...pod(server(), inits(sidecar(polite()), first('sleep 2'))),
    until: ready,
  },
  {
    name: 'sidecar-main-completes',
    ...pod(shell('sleep 2'), { ...once, ...inits(sidecar(polite())) }),
    until: ended,
  },
  {
    name: 'sidecar-main-fails',
    ...pod(shell('sleep 2; exit 9'), { ...once, ...inits(sidecar(polite())) }),
    until: ended,
  },
  {
    name: 'sidecar-ends-badly-after-main',
    ...pod(shell('sleep 2'), { ...once, ...inits(sidecar(polite(5))) }),
    until: ended,
  },
  {
    name: 'sidecar-ignores-sigterm',
    ...pod(shell('sleep 2'), { ...once, ...inits(sidecar(forever)) }),
    until: ended,
  },
  {
    name: 'sidecar-crashes-beside-main',
    ...pod(server(), inits(sidecar('sleep 1; exit 1'))),
    until: both(waits('CrashLoopBackOff', 1), phase('Running')),
  },
  {
    name: 'sidecar-crashes-with-never',
    ...pod(shell('sleep 600'), { ...once, ...inits(sidecar('sleep 1; exit 1')) }),
    until: both(waits('CrashLoopBackOff', 1), phase('Running')),
  },
  {
    name: 'sidecar-ends-well-and-is-restarted',
    ...pod(shell('sleep 600'), { ...once, ...inits(sidecar('sleep 4')) }),
    until: restarted('side', 1),
  },
  {
    name: 'sidecar-main-restarted-on-failure',
    ...pod(shell('sleep 2; test -e /kept/seen && exit 0; touch /kept/seen; exit 1', mount), {
      ...kept,
      restartPolicy: 'OnFailure',
      ...inits(sidecar(polite())),
    }),
    until: ended,
  },
  {
    name: 'sidecar-startup-probe',
    ...pod(
      server(),
      inits(
        sidecar('sleep 3; touch /tmp/up; sleep 600', {
          startupProbe: {
            exec: { command: ['test', '-e', '/tmp/up'] },
            periodSeconds: 1,
            failureThreshold: 30,
          },
        }),
      ),
    ),
    until: ready,
  },
  {
    name: 'sidecar-never-started',
    ...pod(
      server(),
      inits(
        sidecar('sleep 600', {
          startupProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 3 },
        }),
      ),
    ),
    until: restarted('side', 1),
  },
  {
    name: 'sidecar-not-ready',
    ...pod(
      server({ readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }),
      inits(sidecar(polite(), { readinessProbe: { exec: { command: ['false'] }, periodSeconds: 1 } })),
    ),
    until: (it) => it.status?.containerStatuses?.[0]?.ready === true,
  },
  {
    name: 'sidecar-liveness-fails',
    ...pod(
      server(),
      inits(
        sidecar(polite(), {
          livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 },
        }),
      ),
    ),
    until: restarted('side', 1),
  },
  {
    name: 'sidecars-in-reverse',
    ...pod(shell('sleep 2'), {
      ...once,
      ...kept,
      ...inits(
        shell(onTerm('cat /kept/log > /dev/termination-log; exit 0'), {
          name: 'first',
          ...always,
          ...mount,
        }),
        shell(onTerm('echo second >> /kept/log; exit 0'), {
          name: 'second',
          ...always,
          ...mount,
        }),
        shell(onTerm('echo third >> /kept/log; exit 0'), {
          name: 'third',
          ...always,
          ...mount,
        }),
      ),
    }),
    until: ended,
  },
  {
    name: 'sidecar-with-post-start',
    ...pod(
      server(),
      inits(sidecar(polite(), { lifecycle: { postStart: { exec: { command: ['sleep', '2'] } } } })),
    ),
    until: ready,
  },
];
