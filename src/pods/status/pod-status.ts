import type { ContainerObservation, Instance } from '../../../providers/contract/index.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { podConditions } from './conditions.ts';
import {
  containerStatuses,
  lostContainers,
  notStarted,
  observationsOf,
  unsupportedEphemeral,
  wholeSeconds,
} from './container-statuses.ts';
import { type PodPhase, podPhase } from './phase.ts';

/** What every status needs besides the Pod. */
export interface StatusContext {
  readonly providerName: string;
  /** InternalIP of the node. */
  readonly hostIp: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the node first took the Pod in hand, unless the Pod says so itself; milliseconds. */
  readonly acceptedAt: number;
}

/** An end that the node itself decided on. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

interface Parts {
  readonly phase: PodPhase;
  readonly containers: readonly ContainerObservation[];
  readonly ips: readonly string[];
  readonly reason?: string;
  readonly message?: string;
  readonly disruption?: string;
}

/** Refused before anything was created: no container statuses, for no container ever was (kubelet.go, rejectPod). */
export function rejectedStatus(pod: Pod, context: StatusContext, verdict: Verdict): PodStatus {
  const status: PodStatus = {
    phase: 'Failed',
    reason: verdict.reason,
    message: verdict.message,
    startTime: startTime(pod, context),
  };
  if (pod.status?.qosClass !== undefined) status.qosClass = pod.status.qosClass;
  if (pod.metadata?.generation !== undefined) status.observedGeneration = pod.metadata.generation;
  return status;
}

/** Taken in hand, but nothing was created yet; `waiting` says why it takes long. */
export function pendingStatus(pod: Pod, context: StatusContext, waiting?: Verdict): PodStatus {
  return assemble(pod, context, { phase: 'Pending', containers: notStarted(pod, waiting), ips: [] });
}

/** The truth about an instance that the provider lists. `ended` names the cause when the node ended it. */
export function instanceStatus(
  pod: Pod,
  context: StatusContext,
  instance: Instance,
  ended?: Verdict,
): PodStatus {
  const containers = withUnseen(pod, instance);
  const phase =
    ended !== undefined && instance.phase === 'Stopped'
      ? 'Failed'
      : podPhase(pod, { ...instance, containers });
  const end = phase === 'Failed' ? (ended ?? instance.stopCause) : undefined;
  const interrupted = phase === 'Failed' && ended === undefined && instance.stopCause?.kind === 'Interrupted';
  return assemble(pod, context, {
    phase,
    containers,
    ips: instance.ips,
    ...(end === undefined ? {} : { reason: end.reason, message: end.message }),
    ...(interrupted ? { disruption: instance.stopCause?.message ?? '' } : {}),
  });
}

/** The instance is gone and nobody asked for that, unless `ended` says who: the Pod has ended, not by its own doing. */
export function lostStatus(
  pod: Pod,
  context: StatusContext,
  last: Instance | undefined,
  ended?: Verdict,
): PodStatus {
  const message = 'The instance of this Pod is gone at the provider; it was not stopped by this node';
  const seen = last?.containers ?? observationsOf(pod);
  const deleted = pod.metadata?.deletionTimestamp !== undefined;
  return assemble(pod, context, {
    phase: 'Failed',
    containers: lostContainers(seen.length > 0 ? seen : notStarted(pod), new Date(context.now).toISOString()),
    ips: last?.ips ?? (pod.status?.podIPs ?? []).map(({ ip }) => ip),
    ...(deleted ? {} : (ended ?? { reason: 'InstanceLost', message, disruption: message })),
  });
}

/** The Pod ends without ever having had an instance: its containers stay what they are, not started. */
export function neverStartedStatus(pod: Pod, context: StatusContext, ended?: Verdict): PodStatus {
  return assemble(pod, context, { phase: 'Failed', containers: notStarted(pod), ips: [], ...ended });
}

function withUnseen(pod: Pod, instance: Instance): ContainerObservation[] {
  const seen = new Set(instance.containers.map((container) => `${container.kind}/${container.name}`));
  const unseen = [...notStarted(pod, instance.waiting), ...unsupportedEphemeral(pod)].filter(
    (container) => !seen.has(`${container.kind}/${container.name}`),
  );
  return [...instance.containers, ...unseen];
}

function assemble(pod: Pod, context: StatusContext, parts: Parts): PodStatus {
  const status: PodStatus = {
    phase: parts.phase,
    conditions: podConditions({
      pod,
      phase: parts.phase,
      containers: parts.containers,
      hasNetwork: parts.ips.length > 0,
      now: wholeSeconds(context.now),
      ...(parts.disruption === undefined ? {} : { disruption: parts.disruption }),
    }),
    hostIP: context.hostIp,
    hostIPs: [{ ip: context.hostIp }],
    startTime: startTime(pod, context),
    ...containerStatuses(pod, parts.containers, context.providerName),
  };
  const [first] = parts.ips;
  if (first !== undefined) {
    status.podIP = first;
    status.podIPs = parts.ips.map((ip) => ({ ip }));
  }
  if (parts.reason !== undefined) status.reason = parts.reason;
  if (parts.message !== undefined) status.message = parts.message;
  if (pod.status?.qosClass !== undefined) status.qosClass = pod.status.qosClass;
  if (pod.metadata?.generation !== undefined) status.observedGeneration = pod.metadata.generation;
  return status;
}

/** Set once, on the first write (it drives activeDeadlineSeconds and the autoscaler's warm-up). */
function startTime(pod: Pod, context: StatusContext): string {
  return pod.status?.startTime ?? wholeSeconds(context.acceptedAt);
}
