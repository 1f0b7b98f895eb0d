import {
  answering,
  completeJob,
  type Expectation,
  jobLog,
  readyDeployment,
  readyStatefulSet,
  refusedDaemonSet,
  refusedPod,
  scheduledCronJob,
  succeededPod,
} from './expectation.ts';

/** The Job that `--exit` makes of the CronJob's template, so that nobody waits for the full minute. */
export const tickNow = { cronJob: 'tick', job: 'tick-now' } as const;

/** What the manifests in manifests/examples/ come to on the process provider. */
export const expectations: readonly Expectation[] = [
  readyDeployment('web', 3),
  answering('web', 3, 8080, (pod) => `hello from ${pod}\n`),
  completeJob('revenue'),
  jobLog('revenue', 'revenue of 7 orders: 2712.30'),
  readyStatefulSet('store', ['store-0', 'store-1']),
  scheduledCronJob(tickNow.cronJob, '* * * * *'),
  completeJob(tickNow.job),
  succeededPod('prepared', ['check-runtime', 'check-address']),
  refusedDaemonSet('refused-daemonset', 'DaemonSetNotSupported', 'metadata.ownerReferences[0]'),
  refusedPod('refused-privileged', 'PrivilegedNotSupported', 'spec.containers[0].securityContext.privileged'),
  refusedPod('refused-hostport', 'HostPortNotSupported', 'spec.containers[0].ports[0].hostPort'),
  refusedPod('refused-hostpath', 'HostPathNotSupported', 'spec.volumes[0].hostPath'),
];
