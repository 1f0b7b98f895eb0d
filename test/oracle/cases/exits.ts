import { ended, type OracleCase, once, pod, restarted, shell, waits } from '../case.ts';

const marker = { volumes: [{ name: 'kept', emptyDir: {} }] };
const mount = { volumeMounts: [{ name: 'kept', mountPath: '/kept' }] };
const failsOnce = 'test -e /kept/seen && exit 0; touch /kept/seen; exit 1';
const shared = { ...once, shareProcessNamespace: true };

/** How a container ends, and what comes after it. */
export const exits: readonly OracleCase[] = [
  ...[0, 1, 3, 137, 143, 255].map((code) => ({
    name: `exit-${code}`,
    ...pod(shell(`sleep 1; exit ${code}`), once),
    until: ended,
  })),
  ...['TERM', 'KILL', 'SEGV', 'ABRT'].map((signal) => ({
    name: `signal-${signal.toLowerCase()}`,
    ...pod(shell(`sleep 1; kill -${signal} $$; sleep 5`), shared),
    until: ended,
  })),
  {
    name: 'signal-of-a-child',
    ...pod(shell(`sh -c 'kill -KILL $$'; exit $?`), once),
    until: ended,
  },
  {
    name: 'two-containers-one-fails',
    ...pod([shell('exit 0', { name: 'good' }), shell('sleep 2; exit 4', { name: 'bad' })], once),
    until: ended,
  },
  {
    name: 'two-containers-both-good',
    ...pod([shell('exit 0', { name: 'quick' }), shell('sleep 3', { name: 'slow' })], once),
    until: ended,
  },
  { name: 'always-exit-0', ...pod(shell('sleep 1')), until: waits('CrashLoopBackOff', 1) },
  { name: 'always-exit-1', ...pod(shell('sleep 1; exit 1')), until: waits('CrashLoopBackOff', 2) },
  {
    name: 'always-beside-one-that-runs',
    ...pod([shell('exit 2', { name: 'bad' }), shell('sleep 600', { name: 'good' })]),
    until: waits('CrashLoopBackOff', 1),
  },
  {
    name: 'on-failure-recovers',
    ...pod(shell(failsOnce, mount), { restartPolicy: 'OnFailure', ...marker }),
    until: ended,
  },
  {
    name: 'on-failure-goes-on',
    ...pod(shell('exit 5'), { restartPolicy: 'OnFailure' }),
    until: waits('CrashLoopBackOff', 1),
  },
  {
    name: 'on-failure-one-done-one-loops',
    ...pod([shell('exit 0', { name: 'done' }), shell('exit 6', { name: 'loops' })], {
      restartPolicy: 'OnFailure',
    }),
    until: waits('CrashLoopBackOff', 1),
  },
  { name: 'always-restarted-running', ...pod(shell('sleep 6; exit 1')), until: restarted('main', 1) },
];
