import type * as k8s from '@kubernetes/client-node';
import type { Wire } from '../../kube/types.ts';
import { humanDuration, since } from './human-duration.ts';
import { printerOf } from './printer.ts';
import { containerCells, labelSelector, labels, none, unset } from './text.ts';

const withContainers = ['wide:Containers', 'wide:Images', 'wide:Selector'];

export const deploymentPrinter = printerOf<Wire<k8s.V1Deployment>>({
  columns: ['Name', 'Ready', 'int:Up-to-date', 'int:Available', 'Age', ...withContainers],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    since(metadata?.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
    labelSelector(spec?.selector),
  ],
});

export const replicaSetPrinter = printerOf<Wire<k8s.V1ReplicaSet>>({
  columns: ['Name', 'int:Desired', 'int:Current', 'int:Ready', 'Age', ...withContainers],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    since(metadata?.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
    labelSelector(spec?.selector),
  ],
});

export const statefulSetPrinter = printerOf<Wire<k8s.V1StatefulSet>>({
  columns: ['Name', 'Ready', 'Age', 'wide:Containers', 'wide:Images'],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    since(metadata?.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
  ],
});

export const daemonSetPrinter = printerOf<Wire<k8s.V1DaemonSet>>({
  columns: [
    'Name',
    'int:Desired',
    'int:Current',
    'int:Ready',
    'int:Up-to-date',
    'int:Available',
    'Node Selector',
    'Age',
    ...withContainers,
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labels(spec?.template?.spec?.nodeSelector),
    since(metadata?.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
    labelSelector(spec?.selector),
  ],
});

type Job = Wire<k8s.V1Job>;

export const jobPrinter = printerOf<Job>({
  columns: ['Name', 'Status', 'Completions', 'Duration', 'Age', ...withContainers],
  cells: (job, now) => [
    job.metadata?.name ?? '',
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, now),
    since(job.metadata?.creationTimestamp, now),
    ...containerCells(job.spec?.template?.spec?.containers),
    labelSelector(job.spec?.selector),
  ],
});

function jobStatus({ metadata, status }: Job): string {
  const has = (type: string): boolean =>
    status?.conditions?.some((one) => one.type === type && one.status === 'True') === true;
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

export const cronJobPrinter = printerOf<Wire<k8s.V1CronJob>>({
  columns: [
    'Name',
    'Schedule',
    'Timezone',
    'bool:Suspend',
    'int:Active',
    'Last Schedule',
    'Age',
    ...withContainers,
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    spec?.schedule ?? '',
    spec?.timeZone ?? none,
    spec?.suspend === undefined ? unset : spec.suspend ? 'True' : 'False',
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? since(status.lastScheduleTime, now) : none,
    since(metadata?.creationTimestamp, now),
    ...containerCells(spec?.jobTemplate?.spec?.template?.spec?.containers),
    labelSelector(spec?.jobTemplate?.spec?.selector),
  ],
});

export const controllerRevisionPrinter = printerOf<Wire<k8s.V1ControllerRevision>>({
  columns: ['Name', 'Controller', 'int:Revision', 'Age'],
  cells: ({ metadata, revision }, now) => {
    const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
    const [group = ''] = owner?.apiVersion.includes('/') ? owner.apiVersion.split('/') : [];
    const kind = `${owner?.kind.toLowerCase()}${group === '' ? '' : `.${group}`}`;
    return [
      metadata?.name ?? '',
      owner === undefined ? none : `${kind}/${owner.name}`,
      revision,
      since(metadata?.creationTimestamp, now),
    ];
  },
});

export const podDisruptionBudgetPrinter = printerOf<Wire<k8s.V1PodDisruptionBudget>>({
  columns: ['Name', 'Min Available', 'Max Unavailable', 'int:Allowed Disruptions', 'Age'],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    String(spec?.minAvailable ?? 'N/A'),
    String(spec?.maxUnavailable ?? 'N/A'),
    status?.disruptionsAllowed ?? 0,
    since(metadata?.creationTimestamp, now),
  ],
});
