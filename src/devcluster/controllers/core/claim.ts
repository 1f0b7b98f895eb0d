import { matchesLabels } from '../../../kube/selectors.ts';
import type { AnyKind, AnyObject, LabelSelector } from './kinds.ts';
import { controllerOf, controllerReference, isDeleting } from './objects.ts';
import type { Write } from './writes.ts';

/**
 * Which of the candidates (own and orphaned) belong to an owner: matching orphans are adopted, own ones that stopped
 * matching are released (controller_ref_manager.go).
 */
export function claim<T extends AnyObject>(
  kind: AnyKind,
  owner: AnyObject,
  selector: LabelSelector | undefined,
  candidates: readonly T[],
): { readonly owned: readonly T[]; readonly writes: readonly Write[] } {
  const owned: T[] = [];
  const writes: Write[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const matches = matchesLabels(selector, candidate.metadata.labels);
    if (controller?.uid === owner.metadata.uid) {
      if (matches) owned.push(candidate);
      else if (!isDeleting(owner)) writes.push({ op: 'update', kind, object: released(candidate, owner) });
    } else if (controller === undefined && matches && !isDeleting(owner) && !isDeleting(candidate)) {
      const adopted = withOwners(candidate, [
        ...(candidate.metadata.ownerReferences ?? []),
        controllerReference(owner),
      ]);
      owned.push(adopted);
      writes.push({ op: 'update', kind, object: adopted });
    }
  }
  return { owned, writes };
}

function released<T extends AnyObject>(object: T, owner: AnyObject): T {
  return withOwners(
    object,
    (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid),
  );
}

export function withOwners<T extends AnyObject>(
  object: T,
  ownerReferences: NonNullable<AnyObject['metadata']['ownerReferences']>,
): T {
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}
