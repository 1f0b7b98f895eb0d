import type { StoredObject } from '../../devcluster/store/store.ts';
import { podPrinter } from '../../devcluster/tables/pods.ts';
import type { Printer } from '../../devcluster/tables/printer.ts';
import {
  cronJobPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  jobPrinter,
  statefulSetPrinter,
} from '../../devcluster/tables/workloads.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { nameOf, type Observed } from './observed.ts';

/** One Pod in the words of `kubectl get pods -o wide`. */
export interface PodLine {
  readonly name: string;
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
  readonly ip: string;
  /** Why it failed, for those that say so. */
  readonly message: string;
  readonly createdAt: string | undefined;
}

export interface WorkloadLine {
  /** `deployment/web` */
  readonly name: string;
  readonly ready: string;
  readonly status: string;
  readonly createdAt: string | undefined;
}

export function podLines({ pods }: Observed): readonly PodLine[] {
  return inOrder(pods).map((pod) => {
    const { Ready = '', Status = '', Restarts = '', IP = '' } = cellsOf(podPrinter, pod);
    const { phase, reason, message = '' } = pod.status ?? {};
    return {
      name: nameOf(pod),
      ready: Ready,
      status: Status,
      // Without how long ago the last one was.
      restarts: Restarts.split(' ')[0] ?? '',
      ip: IP === '<none>' ? '' : IP,
      message: phase === 'Failed' && reason !== undefined ? message : '',
      createdAt: pod.metadata?.creationTimestamp,
    };
  });
}

/** The status of a Pod as kubectl shows it: `CrashLoopBackOff`, `Running`, the reason of a failure. */
export function podStatus(pod: Pod): string {
  return cellsOf(podPrinter, pod).Status ?? '';
}

export function workloadLines(seen: Observed): readonly WorkloadLine[] {
  const lines = <T extends KubeObject>(
    kind: string,
    objects: readonly T[],
    printer: Printer,
    show: (cells: Cells) => readonly [ready: string, status: string],
  ): WorkloadLine[] =>
    inOrder(objects).map((object) => {
      const [ready, status] = show(cellsOf(printer, object));
      const createdAt = object.metadata?.creationTimestamp;
      return { name: `${kind}/${nameOf(object)}`, ready, status, createdAt };
    });
  return [
    ...lines('deployment', seen.deployments, deploymentPrinter, ({ Ready = '' }) => [Ready, '']),
    ...lines('statefulset', seen.statefulSets, statefulSetPrinter, ({ Ready = '' }) => [Ready, '']),
    ...lines('daemonset', seen.daemonSets, daemonSetPrinter, ({ Ready, Desired }) => [
      `${Ready}/${Desired}`,
      '',
    ]),
    ...lines('job', seen.jobs, jobPrinter, ({ Completions = '', Status = '' }) => [Completions, Status]),
    ...lines('cronjob', seen.cronJobs, cronJobPrinter, ({ Schedule = '' }) => ['', Schedule]),
  ];
}

type Cells = Readonly<Record<string, string>>;

/** By the name of the column. Ages are left out: they need a clock. */
function cellsOf(printer: Printer, object: KubeObject): Cells {
  const cells = printer.cells(asStored(object), 0);
  return Object.fromEntries(printer.columns.map(({ name }, index) => [name, String(cells[index] ?? '')]));
}

/** The printers are written for objects in the store; on the wire they look the same. */
function asStored(object: KubeObject): StoredObject {
  return object as StoredObject;
}

function inOrder<T extends KubeObject>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}
