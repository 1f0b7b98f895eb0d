import { kinds, type PersistentVolumeClaim, type StatefulSet } from '../core/kinds.ts';
import { typeMeta } from '../core/objects.ts';
import { podFromTemplate } from '../core/pods.ts';
import { type Revision, revisionHashLabel } from './revisions.ts';

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

/** One member: stable name, host name and claims, and the revision it was made from (stateful_set_utils.go). */
export function statefulPod(set: StatefulSet, ordinal: number, revision: Revision) {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(revision.template, set, {
    name,
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [revisionHashLabel]: revision.name,
    },
  });
  const claimed = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: `${metadata?.name}-${name}` },
  }));
  const others = (pod.spec.volumes ?? []).filter(
    (volume) => !claimed.some((claim) => claim.name === volume.name),
  );
  const volumes = [...claimed, ...others];
  const spec = {
    ...pod.spec,
    hostname: name,
    ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
  };
  return { ...pod, spec: volumes.length > 0 ? { ...spec, volumes } : spec };
}

/** The claims of one member, from volumeClaimTemplates. They outlive it. */
export function claimsOf(set: StatefulSet, ordinal: number): Pick<PersistentVolumeClaim, 'metadata'>[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ status: _status, ...template }) => ({
    ...template,
    ...typeMeta(kinds.persistentVolumeClaims),
    metadata: {
      ...template.metadata,
      name: `${template.metadata?.name}-${podName(set, ordinal)}`,
      namespace: set.metadata.namespace,
      labels: { ...template.metadata?.labels, ...set.spec.selector.matchLabels },
    } as PersistentVolumeClaim['metadata'],
  }));
}
