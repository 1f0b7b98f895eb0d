import { hasLabels, matchesNodeSelector } from '../kube/selectors.ts';
import type { Node, Pod, Taint, Toleration } from '../kube/types.ts';

/** `nodeSelector` and required node affinity (component-helpers/scheduling/corev1/nodeaffinity). */
export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  const { name = '', labels = {} } = node.metadata ?? {};
  if (!hasLabels(pod.spec?.nodeSelector, labels)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelector(required, { name, labels });
}

/** component-helpers/scheduling/corev1, ToleratesTaint. */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(({ effect, key, operator = 'Equal', value = '' }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    return operator === 'Equal' && Boolean(key) && value === (taint.value ?? '');
  });
}
