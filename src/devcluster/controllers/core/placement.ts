import { hasLabels, matchesNodeSelector } from '../../../kube/selectors.ts';
import type { Node, PodTemplate } from './kinds.ts';

type PodSpec = NonNullable<PodTemplate['spec']>;
type Taint = NonNullable<Node['spec']['taints']>[number];

/** nodeSelector and required node affinity. */
export function fitsNodeAffinity(spec: PodSpec, { metadata: { name, labels = {} } }: Node): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    hasLabels(spec.nodeSelector, labels) &&
    (required === undefined || matchesNodeSelector(required, { name, labels }))
  );
}

/** True when every taint with one of these effects is tolerated. */
export function toleratesTaints(
  spec: PodSpec,
  taints: readonly Taint[],
  effects: readonly string[],
): boolean {
  return taints
    .filter(({ effect }) => effects.includes(effect))
    .every((taint) =>
      (spec.tolerations ?? []).some(
        ({ key, operator = 'Equal', value = '', effect }) =>
          (!effect || effect === taint.effect) &&
          (key ? key === taint.key : operator === 'Exists') &&
          (operator === 'Exists' || value === (taint.value ?? '')),
      ),
    );
}
