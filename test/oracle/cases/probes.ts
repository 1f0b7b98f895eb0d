import type { Container } from '../../../src/kube/types.ts';
import {
  agnhostImage,
  both,
  condition,
  forever,
  type OracleCase,
  pod,
  polite,
  ready,
  restarted,
  runs,
  server,
  shell,
  waits,
} from '../case.ts';

const every = { periodSeconds: 1, failureThreshold: 2 };
const exec = (...command: string[]) => ({ exec: { command }, ...every });
const http = (path: string, port: number | string = 8080) => ({ httpGet: { path, port }, ...every });
const tcp = (port: number) => ({ tcpSocket: { port }, ...every });
const notReady = both(runs('main'), condition('ContainersReady', 'False'));

function healthy(name: string, container: Container): OracleCase {
  return { name: `probe-${name}`, ...pod(container), until: ready };
}
function killed(name: string, container: Container): OracleCase {
  return { name: `probe-${name}`, ...pod(container), until: restarted(container.name, 1) };
}

/** Probes of each kind, that go well and that fail. */
export const probes: readonly OracleCase[] = [
  healthy('readiness-exec', shell('sleep 600', { readinessProbe: exec('true') })),
  healthy('readiness-http', server({ readinessProbe: http('/healthz') })),
  healthy(
    'readiness-http-named-port',
    server({ ports: [{ name: 'web', containerPort: 8080 }], readinessProbe: http('/healthz', 'web') }),
  ),
  healthy('readiness-tcp', server({ readinessProbe: tcp(8080) })),
  healthy('readiness-grpc', {
    name: 'main',
    image: agnhostImage,
    args: ['grpc-health-checking'],
    readinessProbe: { grpc: { port: 5000 }, ...every },
  }),
  healthy(
    'readiness-late',
    shell('sleep 5; touch /tmp/up; sleep 600', { readinessProbe: exec('test', '-e', '/tmp/up') }),
  ),
  healthy(
    'startup-then-ready',
    shell('sleep 3; touch /tmp/up; sleep 600', {
      startupProbe: { ...exec('test', '-e', '/tmp/up'), failureThreshold: 30 },
      readinessProbe: exec('true'),
      livenessProbe: exec('true'),
    }),
  ),
  ...[
    { kind: 'exec', probe: exec('sh', '-c', 'echo no; exit 3') },
    { kind: 'http', probe: http('/echo?msg=no&code=500') },
    { kind: 'http-refused', probe: http('/', 9999) },
    { kind: 'tcp', probe: tcp(9999) },
    { kind: 'grpc', probe: { grpc: { port: 9999 }, ...every } },
  ].flatMap(({ kind, probe }): OracleCase[] => [
    { name: `probe-readiness-${kind}-fails`, ...pod(server({ readinessProbe: probe })), until: notReady },
    killed(`liveness-${kind}-fails`, server({ livenessProbe: probe })),
  ]),
  killed('startup-exec-fails', shell(polite(), { startupProbe: exec('false') })),
  killed('startup-http-fails', server({ startupProbe: http('/echo?msg=no&code=500') })),
  killed(
    'liveness-takes-too-long',
    shell(polite(), { livenessProbe: { ...exec('sleep', '10'), timeoutSeconds: 1 } }),
  ),
  killed('liveness-own-grace', {
    ...shell(forever),
    livenessProbe: { ...exec('false'), terminationGracePeriodSeconds: 1 },
  }),
  {
    name: 'probe-liveness-loops',
    ...pod(shell(polite(3), { livenessProbe: exec('false') })),
    until: waits('CrashLoopBackOff', 1),
    seconds: 90,
  },
  {
    name: 'probe-readiness-flips',
    ...pod(
      shell('touch /tmp/up; sleep 6; rm /tmp/up; sleep 600', {
        readinessProbe: exec('test', '-e', '/tmp/up'),
      }),
    ),
    steps: [{ when: ready, act: async () => undefined }],
    until: condition('Ready', 'False'),
  },
  {
    name: 'probe-liveness-ends-never',
    ...pod(shell(polite(0), { livenessProbe: exec('false') }), { restartPolicy: 'Never' }),
    until: (it) => it.status?.phase === 'Failed' || it.status?.phase === 'Succeeded',
  },
  {
    name: 'readiness-gate',
    ...pod(server(), { readinessGates: [{ conditionType: 'example.com/open' }] }),
    until: both(condition('ContainersReady', 'True'), runs('main')),
  },
];
