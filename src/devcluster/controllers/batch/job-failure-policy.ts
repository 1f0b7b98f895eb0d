import type { Job, Pod } from '../core/kinds.ts';

type Rule = NonNullable<Job['spec']['podFailurePolicy']>['rules'][number];

export interface PolicyVerdict {
  readonly action: string;
  /** What matched, worded as upstream's condition message. */
  readonly message: string;
}

/** The first rule of podFailurePolicy that a Failed Pod matches (job/pod_failure_policy.go). */
export function matchFailurePolicy(job: Job, pod: Pod): PolicyVerdict | undefined {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const matched = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (matched !== undefined)
      return { action: rule.action, message: `${matched} matching ${rule.action} rule at index ${index}` };
  }
  return undefined;
}

function matchExitCodes({ onExitCodes }: Rule, pod: Pod): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  for (const { name, state } of statuses) {
    const code = state?.terminated?.exitCode ?? 0;
    if (code === 0 || (containerName !== undefined && containerName !== name)) continue;
    if (values.includes(code) !== (operator === 'In')) continue;
    return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${code}`;
  }
  return undefined;
}

function matchConditions({ onPodConditions = [] }: Rule, pod: Pod): string | undefined {
  const matched = pod.status?.conditions?.find((condition) =>
    onPodConditions.some(
      ({ type, status = 'True' }) => type === condition.type && status === condition.status,
    ),
  );
  return matched && `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${matched.type}`;
}
