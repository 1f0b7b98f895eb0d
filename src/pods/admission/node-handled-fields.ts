/** A field of PodSpec that no provider is asked about, with all that is below it, and who takes care of it. */
export interface NodeHandledField {
  readonly field: string;
  readonly by: 'API server' | 'scheduler' | 'node';
  readonly how: string;
}

/** Together with the fields of the admission rules these are all fields that a Pod has. */
export const nodeHandledFields: readonly NodeHandledField[] = [
  { field: 'spec.activeDeadlineSeconds', by: 'node', how: 'ends the Pod with DeadlineExceeded' },
  {
    field: 'spec.affinity',
    by: 'scheduler',
    how: 'decides on which node the Pod runs; the node checks required node affinity again',
  },
  {
    field: 'spec.automountServiceAccountToken',
    by: 'API server',
    how: 'adds the token volume and its mounts, which are asked about',
  },
  { field: 'container.name', by: 'node', how: 'names the container in status, logs and events' },
  { field: 'spec.enableServiceLinks', by: 'node', how: 'adds the variables of services' },
  { field: 'spec.nodeName', by: 'node', how: 'is compared with the name of the node' },
  {
    field: 'spec.nodeSelector',
    by: 'scheduler',
    how: 'decides on which node the Pod runs; the node checks it again',
  },
  { field: 'spec.os', by: 'node', how: 'is compared with the operating systems of the provider' },
  { field: 'spec.preemptionPolicy', by: 'scheduler', how: 'decides whom the Pod may displace' },
  { field: 'spec.priority', by: 'scheduler', how: 'decides which Pod is placed first' },
  { field: 'spec.priorityClassName', by: 'API server', how: 'becomes spec.priority' },
  {
    field: 'spec.restartPolicy',
    by: 'node',
    how: 'goes to the provider, which has to carry it out: the conformance kit tests it',
  },
  { field: 'spec.schedulerName', by: 'scheduler', how: 'says which scheduler places the Pod' },
  { field: 'spec.schedulingGates', by: 'scheduler', how: 'hold the Pod back' },
  { field: 'spec.schedulingGroup', by: 'scheduler', how: 'places Pods together' },
  { field: 'spec.serviceAccount', by: 'API server', how: 'is the old name of serviceAccountName' },
  {
    field: 'spec.serviceAccountName',
    by: 'node',
    how: 'names the account whose tokens the node asks for',
  },
  {
    field: 'spec.tolerations',
    by: 'scheduler',
    how: 'decide on which node the Pod runs; the node checks NoExecute taints again',
  },
  { field: 'spec.topologySpreadConstraints', by: 'scheduler', how: 'decide on which node the Pod runs' },
  { field: 'spec.volumes.name', by: 'node', how: 'ties mounts to volumes' },
];
