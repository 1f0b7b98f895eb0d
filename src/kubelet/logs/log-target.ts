import type { ContainerStatus, Pod } from '../../kube/types.ts';

export type LogTarget =
  | { readonly kind: 'run' }
  /** kubectl prints the text as it is. */
  | { readonly kind: 'none'; readonly status: 400 | 404; readonly text: string };

/**
 * Whether a container has a log to show, and otherwise why not, in the kubelet's words (pkg/kubelet/kubelet_pods.go,
 * validateContainerLogStatus).
 */
export function logTarget(pod: Pod, container: string, previous: boolean): LogTarget {
  const name = pod.metadata?.name ?? '';
  const { spec, status } = pod;
  const known = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  if (!known.some((one) => one.name === container))
    return none(404, `container "${container}" not found in pod "${name}"`);
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const found = statuses.find((one) => one.name === container);
  const subject = `container "${container}" in pod "${name}"`;
  if (found === undefined) return none(400, `${subject} is not available`);
  return previous ? previousRun(found, subject) : currentRun(found, subject);
}

function previousRun({ lastState }: ContainerStatus, subject: string): LogTarget {
  if (lastState?.terminated?.containerID) return { kind: 'run' };
  return none(400, `previous terminated ${subject} not found`);
}

function currentRun({ state, lastState }: ContainerStatus, subject: string): LogTarget {
  if (state?.running !== undefined || state?.terminated?.containerID) return { kind: 'run' };
  if (lastState?.terminated?.containerID) return { kind: 'run' };
  if (state?.terminated !== undefined || lastState?.terminated !== undefined)
    return none(400, `${subject} is terminated`);
  const waiting = state?.waiting;
  if (waiting === undefined) return none(400, `${subject} is waiting to start - no logs yet`);
  switch (waiting.reason) {
    case 'ErrImagePull':
      return none(400, `${subject} is waiting to start: image can't be pulled`);
    case 'ImagePullBackOff':
      return none(400, `${subject} is waiting to start: trying and failing to pull image`);
    default:
      return none(400, `${subject} is waiting to start: ${waiting.reason ?? ''}`);
  }
}

function none(status: 400 | 404, text: string): LogTarget {
  return { kind: 'none', status, text };
}
