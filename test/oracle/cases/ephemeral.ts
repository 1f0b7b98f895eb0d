import { pods } from '../../../src/kube/resources.ts';
import type { EphemeralContainer, PodSpec } from '../../../src/kube/types.ts';
import { busyboxImage, type Look, type OracleCase, pod, ready, refusedImage, server } from '../case.ts';

/** Added once the Pod is ready. */
function added(
  name: string,
  container: Partial<EphemeralContainer>,
  until: Look,
  spec: Partial<PodSpec> = {},
): OracleCase {
  const debug = { name: 'debug', image: busyboxImage, ...container };
  return {
    name: `ephemeral-${name}`,
    ...pod(server(), spec),
    steps: [
      {
        when: ready,
        act: ({ client, namespace, name }) =>
          client.patch(
            pods,
            { namespace, name },
            { spec: { ephemeralContainers: [debug] } },
            { subresource: 'ephemeralcontainers' },
          ),
      },
    ],
    until,
  };
}

type State = 'waiting' | 'running' | 'terminated';

const is =
  (state: State, reason?: string): Look =>
  ({ status }) =>
    status?.ephemeralContainerStatuses?.some(
      (one) =>
        one.state?.[state] !== undefined &&
        (reason ?? one.state.waiting?.reason) === one.state.waiting?.reason,
    ) === true;

/** Containers that are added to a Pod that runs. */
export const ephemeral: readonly OracleCase[] = [
  added(
    'ends-well',
    { command: ['sh', '-c', 'sleep 1; echo seen > /dev/termination-log'] },
    is('terminated'),
  ),
  added('fails', { command: ['sh', '-c', 'sleep 1; exit 3'] }, is('terminated')),
  added('runs', { command: ['sleep', '600'] }, is('running')),
  added(
    'in-the-processes-of-another',
    { command: ['sleep', '600'], targetContainerName: 'main' },
    is('running'),
  ),
  added('shares', { command: ['sleep', '600'] }, is('running'), { shareProcessNamespace: true }),
  added('image-refused', { image: refusedImage }, is('waiting', 'ImagePullBackOff')),
  added(
    'command-missing',
    { command: ['/no/such'] },
    (it) => is('terminated')(it) || is('waiting', 'RunContainerError')(it),
  ),
];
