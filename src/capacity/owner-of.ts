import type { Pod } from '../kube/types.ts';

/**
 * For whom a Pod works: `Job/sums`, `Deployment/web`; '' = for nobody but itself. A ReplicaSet with the hash of a template
 * in its name is a Deployment's (pkg/controller/deployment/sync.go, getNewReplicaSet).
 */
export function ownerOf({ metadata }: Pod): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '';
  const hash = metadata?.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return `Deployment/${owner.name.slice(0, -hash.length - 1)}`;
  return `${owner.kind}/${owner.name}`;
}
