import type { Node, Pod } from '../../kube/types.ts';
import { matchesNodeAffinity, tolerates } from '../../podspec/node-fit.ts';
import type { Finding } from './finding.ts';

/**
 * Whether the Pod belongs on this node at all: whoever bound it may have known an older state of the node. Reasons and
 * texts are the kubelet's (pkg/kubelet/lifecycle/predicate.go; pkg/scheduler AdmissionCheck).
 */
export function placementFindings(pod: Pod, node: Node): Finding[] {
  const findings: Finding[] = [];
  if (!matchesNodeAffinity(pod, node))
    findings.push(
      predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector", [
        'spec.nodeSelector',
        'spec.affinity.nodeAffinity',
      ]),
    );
  const { nodeName } = pod.spec ?? {};
  if (nodeName && nodeName !== node.metadata?.name)
    findings.push(predicate('NodeName', "node(s) didn't match the requested node name", ['spec.nodeName']));
  const fatal = (node.spec?.taints ?? []).some(
    (taint) => taint.effect === 'NoExecute' && !tolerates(pod.spec?.tolerations ?? [], taint),
  );
  if (fatal)
    findings.push(
      predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate", ['spec.tolerations']),
    );
  return findings;
}

function predicate(name: string, why: string, fields: readonly string[]): Finding {
  return { reason: name, fields, text: `Predicate ${name} failed: ${why}` };
}
