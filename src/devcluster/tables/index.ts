/** Objects as the rows that `kubectl get` shows: the server decides on the columns. */
import type { ServedResource } from '../store/resource-table.ts';
import type { StoredObject } from '../store/store.ts';
import * as core from './core.ts';
import { endpointSlicePrinter, endpointsPrinter, servicePrinter } from './network.ts';
import { podPrinter } from './pods.ts';
import type { Cell, Column, Printer, RowCondition } from './printer.ts';
import * as workloads from './workloads.ts';

export { humanDuration } from './human-duration.ts';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface TableOptions {
  /** What goes with each row: `?includeObject=`, upstream's default is Metadata. */
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch: ages are as of now. */
  readonly now: number;
  /** The list's metadata: resourceVersion, continue, remainingItemCount. */
  readonly metadata?: object;
  /** Events of a watch after the first leave the columns out. Default true. */
  readonly withColumns?: boolean;
}

interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly RowCondition[];
  readonly object?: object;
}

/** meta.k8s.io/v1 Table */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: object;
  readonly columnDefinitions: readonly Column[] | null;
  readonly rows: readonly TableRow[];
}

/** By kind: the built-in kinds have different names, whatever their group. */
const printers: Readonly<Record<string, Printer>> = {
  ClusterRoleBinding: core.roleBindingPrinter,
  ConfigMap: core.configMapPrinter,
  ControllerRevision: workloads.controllerRevisionPrinter,
  CronJob: workloads.cronJobPrinter,
  DaemonSet: workloads.daemonSetPrinter,
  Deployment: workloads.deploymentPrinter,
  EndpointSlice: endpointSlicePrinter,
  Endpoints: endpointsPrinter,
  Event: core.eventPrinter,
  Job: workloads.jobPrinter,
  Lease: core.leasePrinter,
  Namespace: core.namespacePrinter,
  Node: core.nodePrinter,
  PersistentVolumeClaim: core.persistentVolumeClaimPrinter,
  Pod: podPrinter,
  PodDisruptionBudget: workloads.podDisruptionBudgetPrinter,
  PriorityClass: core.priorityClassPrinter,
  ReplicaSet: workloads.replicaSetPrinter,
  RoleBinding: core.roleBindingPrinter,
  Secret: core.secretPrinter,
  Service: servicePrinter,
  ServiceAccount: core.serviceAccountPrinter,
  StatefulSet: workloads.statefulSetPrinter,
};

/** One table for a list, a single object or the object of a watch event. */
export function toTable(
  resource: Pick<ServedResource, 'kind'>,
  objects: readonly Readonly<StoredObject>[],
  options: TableOptions,
): Table {
  const printer = printers[resource.kind] ?? core.defaultPrinter;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions: options.withColumns === false ? null : printer.columns,
    rows: objects.map((object) => toRow(printer, object, options)),
  };
}

function toRow(printer: Printer, object: Readonly<StoredObject>, options: TableOptions): TableRow {
  const conditions = printer.conditions?.(object) ?? [];
  return {
    cells: printer.cells(object, options.now),
    ...(conditions.length > 0 ? { conditions } : {}),
    ...included(object, options.includeObject),
  };
}

function included(object: Readonly<StoredObject>, what: IncludeObject): { readonly object?: object } {
  if (what === 'None') return {};
  if (what === 'Object') return { object };
  const { metadata } = object;
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } };
}
