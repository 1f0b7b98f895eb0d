import type { ContainerObservation, Instance } from '../../../providers/contract/index.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { podConditions } from './conditions.ts';
import {
  containerStatuses,
  lostContainers,
  notStarted,
  observationsOf,
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
  /** Why ephemeral containers do not run, by name. */
  readonly ephemeral: ReadonlyMap<string, { readonly verdict?: Verdict }>;
}

/** An end that the node itself decided on. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** Why nothing was created yet. */
export interface Waiting extends Verdict {
  /** The one container that waits for it; absent: all of them. */
  readonly container?: string;
}

interface Parts {
  readonly phase: PodPhase;
  readonly containers: readonly ContainerObservation[];
  readonly ips: readonly string[];
  readonly reason?: string;
  readonly message?: string;
  readonly disruption?: string;
  readonly instance?: true | Verdict;
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
export function pendingStatus(pod: Pod, context: StatusContext, waiting?: Waiting): PodStatus {
  return assemble(pod, context, {
    phase: 'Pending',
    containers: notStarted(pod, waiting),
    ips: [],
    ...(waiting !== undefined && isShortage(waiting) ? { instance: verdictOf(waiting) } : {}),
  });
}

/** The provider has nothing to run it on, though it would. */
function isShortage({ reason }: Verdict): boolean {
  return reason === 'OutOfStock' || reason === 'QuotaExceeded';
}

function verdictOf({ reason, message }: Verdict): Verdict {
  return { reason, message };
}

/** The truth about an instance that the provider lists. `ended` names the cause when the node ended it. */
export function instanceStatus(
  pod: Pod,
  context: StatusContext,
  instance: Instance,
  ended?: Verdict,
): PodStatus {
  const containers = everyContainer(pod, context, instance);
  const phase =
    ended !== undefined && instance.phase === 'Stopped'
      ? 'Failed'
      : podPhase(pod, { ...instance, containers });
  const end = phase === 'Failed' ? (ended ?? instance.stopCause) : undefined;
  return assemble(pod, context, {
    phase,
    containers,
    ips: instance.ips,
    ...(end === undefined ? {} : { reason: end.reason, message: end.message }),
    // What was only accepted may still turn out to be none.
    ...(instance.phase === 'Pending' ? {} : { instance: true as const }),
    ...disruptionOf(instance, phase, ended),
  });
}

/** Said from the notice on, and to the end when the provider had its way. */
function disruptionOf(
  { stopCause, interruption }: Instance,
  phase: PodPhase,
  ended: Verdict | undefined,
): Pick<Parts, 'disruption'> {
  if (ended !== undefined && phase === 'Failed') return {};
  if (phase === 'Failed' && stopCause?.kind === 'Interrupted') return { disruption: stopCause.message };
  return interruption === undefined ? {} : { disruption: noticeOf(interruption) };
}

function noticeOf({ at, message }: NonNullable<Instance['interruption']>): string {
  return `The provider takes the instance back at ${wholeSeconds(at)}${message === '' ? '' : `: ${message}`}`;
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
  const shortage = ended !== undefined && isShortage(ended) ? { instance: verdictOf(ended) } : {};
  return assemble(pod, context, {
    phase: 'Failed',
    containers: notStarted(pod),
    ips: [],
    ...ended,
    ...shortage,
  });
}

/** Those that the instance shows, as what the Pod says they are, and those that it does not show. */
function everyContainer(pod: Pod, context: StatusContext, instance: Instance): ContainerObservation[] {
  const unseen = new Map(notStarted(pod, instance.waiting).map((container) => [container.name, container]));
  const seen = instance.containers.map((container) => {
    const kind = unseen.get(container.name)?.kind ?? container.kind;
    unseen.delete(container.name);
    return kind === container.kind ? container : { ...container, kind };
  });
  const told = observationsOf(pod).filter(({ kind }) => kind === 'ephemeral');
  const missing = [...unseen.values()].map((container) =>
    container.kind === 'ephemeral' ? unseenEphemeral(container, told, context) : container,
  );
  return [...seen, ...missing];
}

/** It waits for something, or it ran in the time of an earlier process and nothing is left of it. */
function unseenEphemeral(
  container: ContainerObservation,
  told: readonly ContainerObservation[],
  { ephemeral, now }: StatusContext,
): ContainerObservation {
  const { name } = container;
  const before = told.find((one) => one.name === name);
  if (before !== undefined && before.id !== '')
    return lostContainers([before], new Date(now).toISOString())[0] ?? before;
  const verdict = ephemeral.get(name)?.verdict;
  return verdict === undefined
    ? (before ?? container)
    : { ...container, state: { kind: 'waiting', ...verdict } };
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
      ...(parts.instance === undefined ? {} : { instance: parts.instance }),
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

/** That the provider takes the instance back, or has done so without a notice, when it is news. */
export function interruptionToTell(
  pod: Pod,
  record: { readonly lastInstance?: Instance; toldInterruption?: boolean },
): string | undefined {
  const { interruption, stopCause } = record.lastInstance ?? {};
  const taken = stopCause?.kind === 'Interrupted';
  if (record.toldInterruption || (interruption === undefined && !taken)) return undefined;
  record.toldInterruption = true;
  const known = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  if (known?.status === 'True') return undefined;
  return interruption === undefined
    ? `The provider took the instance back: ${stopCause?.message}`
    : noticeOf(interruption);
}
