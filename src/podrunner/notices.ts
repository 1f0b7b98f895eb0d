import { isDeepStrictEqual } from 'node:util';
import type { ContainerObservation, Instance, Notice } from '../../providers/contract/index.ts';
import type { Action, ProbeKind } from './actions.ts';
import type { ProbeResult } from './probing.ts';
import type { RunMemory } from './state.ts';
import { shorten } from './state.ts';

/** What the kubelet would say as Events, in its words (pkg/kubelet/events, kuberuntime, prober, images). */

/** Said once per run, before its preStop hook. */
export function killing(container: string, memory: RunMemory): Notice {
  const { liveness, startup, postStart } = memory;
  const why =
    typeof postStart === 'object'
      ? `FailedPostStartHook`
      : startup?.result === 'failure'
        ? `Container ${container} failed startup probe, will be restarted`
        : liveness?.result === 'failure'
          ? `Container ${container} failed liveness probe, will be restarted`
          : `Stopping container ${container}`;
  return { type: 'Normal', reason: 'Killing', message: why, container };
}

/** pkg/kubelet/eviction, evictPod. */
export function evicted(message: string): Notice {
  return { type: 'Warning', reason: 'Evicted', message };
}

export function probeFailed(
  container: string,
  which: ProbeKind,
  result: ProbeResult,
  message: string,
): Notice {
  const name = `${which.charAt(0).toUpperCase()}${which.slice(1)} probe`;
  const what = result === 'error' ? 'errored and resulted in unknown state' : 'failed';
  return warning('Unhealthy', `${name} ${what}: ${shorten(message)}`, container);
}

/** Without what the hook printed: that may be nobody's business. */
export function hookFailed(
  container: string,
  kind: Extract<Action['kind'], 'postStart' | 'preStop'>,
): Notice {
  return kind === 'postStart'
    ? warning('FailedPostStartHook', 'PostStartHook failed', container)
    : warning('FailedPreStopHook', 'PreStopHook failed', container);
}

/** What the change from one published state to the next has to tell: containers that started or have begun to wait. */
export function changeNotices(before: Instance, after: Instance): Notice[] {
  return after.containers.flatMap((container) => {
    const known = before.containers.find(({ name }) => name === container.name);
    return [
      ...(container.id !== '' && container.id !== known?.id ? [startNotice(container)] : []),
      ...(isDeepStrictEqual(known?.state, container.state) ? [] : waitingNotices(after, container)),
    ];
  });
}

function startNotice({ name, state, lastState }: ContainerObservation): Notice {
  const exit = state.kind === 'terminated' ? state : state.kind === 'waiting' ? lastState : undefined;
  return exit?.reason === 'StartError'
    ? warning('Failed', `Error: ${shorten(exit.message)}`, name)
    : { type: 'Normal', reason: 'Started', message: 'Container started', container: name };
}

function waitingNotices({ owner }: Instance, { name, image, state }: ContainerObservation): Notice[] {
  if (state.kind !== 'waiting') return [];
  const { reason, message } = state;
  switch (reason) {
    case 'ContainerCreating':
    case 'PodInitializing':
    case 'PostStartHookError':
      return [];
    case 'CrashLoopBackOff': {
      const pod = `${owner.name}_${owner.namespace}(${owner.podUid})`;
      return [warning('BackOff', `Back-off restarting failed container ${name} in pod ${pod}`, name)];
    }
    case 'ImagePullBackOff':
      return [{ ...warning('BackOff', message, name), type: 'Normal' }];
    case 'ErrImagePull':
      return [
        warning('Failed', `Failed to pull image "${image}": ${message}`, name),
        warning('Failed', `Error: ${reason}`, name),
      ];
    case 'InvalidImageName':
      return [warning('InspectFailed', message, name), warning('Failed', `Error: ${reason}`, name)];
    case 'ErrImageNeverPull':
      return [warning('ErrImageNeverPull', message, name), warning('Failed', `Error: ${reason}`, name)];
    default:
      return [warning('Failed', `Error: ${message}`, name)];
  }
}

function warning(reason: string, message: string, container: string): Notice {
  return { type: 'Warning', reason, message, container };
}
