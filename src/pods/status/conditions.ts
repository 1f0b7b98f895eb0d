import type { ContainerObservation } from '../../../providers/contract/index.ts';
import type { Pod, PodCondition } from '../../kube/types.ts';
import type { PodPhase } from './phase.ts';
import { isTerminal, sidecarNames } from './phase.ts';

/** False while there is no instance to be had, True once there is one; absent where it was never short. */
export const instanceAvailable = 'burstlet.dev/InstanceAvailable';

/** The condition types that the node writes; all others belong to somebody else. */
export type OwnCondition =
  | typeof instanceAvailable
  | 'PodReadyToStartContainers'
  | 'Initialized'
  | 'Ready'
  | 'ContainersReady'
  | 'PodScheduled'
  | 'DisruptionTarget';

interface Finding {
  readonly type: OwnCondition;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

export interface ConditionInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly containers: readonly ContainerObservation[];
  /** True once the instance has an address. */
  readonly hasNetwork: boolean;
  /** Set when the provider, not the workload, ends the Pod, or has said that it will. */
  readonly disruption?: string;
  /** Whether there is an instance, or why none can be had; absent = leave what is said of that. */
  readonly instance?: true | { readonly reason: string; readonly message: string };
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** The reason that Job controllers and the disruption controller know as a node's. */
const ownDisruption = 'TerminationByKubelet';

/** The node's conditions, in the kubelet's order; times are kept while a status stays the same (pkg/kubelet/status/generate.go). */
export function podConditions(input: ConditionInput): PodCondition[] {
  const findings: Finding[] = [
    {
      type: 'PodReadyToStartContainers',
      status: input.hasNetwork && !isTerminal(input.phase) ? 'True' : 'False',
    },
    initialized(input),
    ready(input),
    containersReady(input),
    { type: 'PodScheduled', status: 'True' },
  ];
  if (input.disruption !== undefined) {
    findings.unshift({
      type: 'DisruptionTarget',
      status: 'True',
      reason: ownDisruption,
      message: input.disruption,
    });
  } else if (isSet(input.pod, 'DisruptionTarget', 'True', ownDisruption))
    findings.unshift({ type: 'DisruptionTarget', status: 'False', reason: 'InterruptionWithdrawn' });
  const { instance } = input;
  if (instance === true) {
    if (isSet(input.pod, instanceAvailable, 'False'))
      findings.push({ type: instanceAvailable, status: 'True', reason: 'InstanceBought' });
  } else if (instance !== undefined) findings.push({ type: instanceAvailable, status: 'False', ...instance });
  return findings.map((finding) => withTimes(finding, input));
}

function isSet({ status }: Pod, type: string, wanted: 'True' | 'False', reason?: string): boolean {
  const condition = status?.conditions?.find((one) => one.type === type);
  return condition?.status === wanted && (reason === undefined || condition.reason === reason);
}

function withTimes(finding: Finding, input: ConditionInput): PodCondition {
  const old = input.pod.status?.conditions?.find((condition) => condition.type === finding.type);
  const generation = input.pod.metadata?.generation;
  return {
    ...finding,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: (old?.status === finding.status ? old.lastTransitionTime : undefined) ?? input.now,
  };
}

function initialized({ pod, phase, containers }: ConditionInput): Finding {
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  const sidecars = sidecarNames(pod);
  const begun = containers.some(
    (container) =>
      container.kind === 'regular' &&
      (container.state.kind !== 'waiting' || container.lastState !== undefined),
  );
  const incomplete = (pod.spec?.initContainers ?? [])
    .map(({ name }) => name)
    .filter((name) => {
      const seen = containers.find((container) => container.kind === 'init' && container.name === name);
      if (seen === undefined) return true;
      return sidecars.has(name)
        ? !seen.started
        : !(seen.state.kind === 'terminated' && seen.state.exitCode === 0);
    });
  if (begun || incomplete.length === 0) return { type: 'Initialized', status: 'True' };
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

function containersReady({ pod, phase, containers }: ConditionInput): Finding {
  if (isTerminal(phase))
    return {
      type: 'ContainersReady',
      status: 'False',
      reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted',
    };
  const unready = unreadyContainers(pod, containers);
  if (unready === undefined) return { type: 'ContainersReady', status: 'True' };
  return { type: 'ContainersReady', status: 'False', reason: 'ContainersNotReady', message: unready };
}

function ready(input: ConditionInput): Finding {
  const base = containersReady(input);
  if (base.status === 'False') return { ...base, type: 'Ready' };
  const missing = (input.pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = input.pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (missing.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

/** The kubelet's message about containers that are not ready; undefined when all are. Sidecars count, other init containers do not. */
function unreadyContainers(pod: Pod, containers: readonly ContainerObservation[]): string | undefined {
  const counted = [...sidecarNames(pod), ...(pod.spec?.containers ?? []).map(({ name }) => name)];
  const known = new Map(
    containers.filter(({ kind }) => kind !== 'ephemeral').map((container) => [container.name, container]),
  );
  const unknown = counted.filter((name) => !known.has(name));
  const unready = counted.filter((name) => known.get(name)?.ready === false);
  const parts = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(unready.length > 0 ? [`containers with unready status: [${unready.join(' ')}]`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : undefined;
}
