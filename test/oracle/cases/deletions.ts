import { pods } from '../../../src/kube/resources.ts';
import { evictions } from '../../e2e/support/resources.ts';
import {
  condition,
  ended,
  forever,
  inBackOff,
  type Look,
  type OracleCase,
  once,
  pod,
  polite,
  ready,
  refusedImage,
  runs,
  type StepContext,
  server,
  shell,
  waits,
} from '../case.ts';

export function deletePod({ client, namespace, name }: StepContext): Promise<void> {
  return client.delete(pods, { namespace, name });
}

const finalizers = ['burstlet.dev/oracle'];

/** Deleted in some state. Where its status is to stay, a finalizer keeps it. */
function deleted(
  name: string,
  spec: { spec: OracleCase['spec'] },
  when: Look,
  more: { kept?: boolean; grace?: number } = {},
): OracleCase {
  const { grace } = more;
  return {
    name: `delete-${name}`,
    ...spec,
    ...(more.kept && { metadata: { finalizers } }),
    steps: [
      {
        when,
        act: ({ client, namespace, name }) =>
          client.delete(pods, { namespace, name }, grace === undefined ? {} : { gracePeriodSeconds: grace }),
      },
    ],
    until: more.kept ? ended : 'gone',
  };
}

const kept = { kept: true };

/** Pods that are deleted, evicted or run out of time, in each phase of their lives. */
export const deletions: readonly OracleCase[] = [
  deleted('while-pulling', pod({ name: 'main', image: refusedImage }), waits('ImagePullBackOff')),
  deleted('while-pulling-kept', pod({ name: 'main', image: refusedImage }), waits('ImagePullBackOff'), kept),
  deleted(
    'while-misconfigured',
    pod(shell('', { envFrom: [{ configMapRef: { name: 'none' } }] })),
    waits('CreateContainerConfigError'),
  ),
  deleted('in-init', pod(server(), { initContainers: [shell(polite(), { name: 'first' })] }), runs('first')),
  deleted(
    'in-init-kept',
    pod(server(), { initContainers: [shell(polite(), { name: 'first' })] }),
    runs('first'),
    kept,
  ),
  deleted(
    'in-init-that-fails-kept',
    pod(server(), { initContainers: [shell(polite(3), { name: 'first' })] }),
    runs('first'),
    kept,
  ),
  deleted('running', pod(shell(polite())), ready),
  deleted('running-kept', pod(shell(polite())), ready, kept),
  deleted('running-ends-badly-kept', pod(shell(polite(9))), ready, kept),
  deleted('running-never', pod(shell(polite()), once), ready),
  deleted('running-ignores', pod(shell(forever)), ready),
  deleted('running-ignores-kept', pod(shell(forever)), ready, kept),
  deleted('grace-0', pod(shell(forever)), ready, { grace: 0 }),
  deleted('grace-1-kept', pod(shell(forever), { terminationGracePeriodSeconds: 30 }), ready, {
    ...kept,
    grace: 1,
  }),
  deleted('grace-0-in-spec', pod(shell(forever), { terminationGracePeriodSeconds: 0 }), ready),
  deleted('in-crash-loop', pod(shell('exit 1')), inBackOff),
  deleted('in-crash-loop-kept', pod(shell('exit 1')), inBackOff, kept),
  deleted(
    'in-crash-loop-beside-one-that-runs-kept',
    pod([shell('exit 1', { name: 'bad' }), shell(polite(), { name: 'good' })]),
    inBackOff,
    kept,
  ),
  deleted('completed', pod(shell('exit 0'), once), ended),
  deleted('failed', pod(shell('exit 1'), once), ended),
  deleted(
    'sidecars-kept',
    pod(shell(polite()), {
      initContainers: [shell(polite(), { name: 'side', restartPolicy: 'Always' })],
    }),
    ready,
    kept,
  ),
  deleted(
    'two-containers-kept',
    pod([shell(polite(), { name: 'a' }), shell(forever, { name: 'b' })]),
    ready,
    kept,
  ),
  {
    name: 'evicted-by-api',
    ...pod(shell(polite())),
    metadata: { finalizers },
    steps: [
      {
        when: ready,
        act: ({ client, namespace, name }) =>
          client.create(evictions, { metadata: { namespace, name } }, { subresource: 'eviction', name }),
      },
    ],
    until: ended,
  },
  { name: 'deadline-running', ...pod(shell(polite()), { activeDeadlineSeconds: 8 }), until: ended },
  {
    name: 'deadline-running-ignores',
    ...pod(shell(forever), { ...once, activeDeadlineSeconds: 8 }),
    until: ended,
  },
  {
    name: 'deadline-while-pulling',
    ...pod({ name: 'main', image: refusedImage }, { activeDeadlineSeconds: 25 }),
    until: ended,
  },
  {
    name: 'deadline-in-init',
    ...pod(server(), { activeDeadlineSeconds: 8, initContainers: [shell(polite(), { name: 'first' })] }),
    until: ended,
  },
  {
    name: 'deadline-with-sidecar',
    ...pod(shell(polite()), {
      activeDeadlineSeconds: 8,
      initContainers: [shell(polite(), { name: 'side', restartPolicy: 'Always' })],
    }),
    until: ended,
  },
  { name: 'deadline-in-crash-loop', ...pod(shell('exit 1'), { activeDeadlineSeconds: 7 }), until: ended },
  {
    name: 'deadline-not-reached',
    ...pod(shell('sleep 2'), { ...once, activeDeadlineSeconds: 60 }),
    until: ended,
  },
  {
    name: 'deadline-set-later',
    ...pod(shell(polite())),
    steps: [
      {
        when: ready,
        act: ({ client, namespace, name }) =>
          client.patch(pods, { namespace, name }, { spec: { activeDeadlineSeconds: 6 } }, { type: 'merge' }),
      },
    ],
    until: ended,
  },
  {
    name: 'label-changed-while-running',
    ...pod(server()),
    steps: [
      {
        when: ready,
        act: ({ client, namespace, name }) =>
          client.patch(pods, { namespace, name }, { metadata: { labels: { a: 'b' } } }, { type: 'merge' }),
      },
    ],
    until: condition('Ready', 'True'),
  },
];
