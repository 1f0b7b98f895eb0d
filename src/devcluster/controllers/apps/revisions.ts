import { freeHash, sameJson } from '../core/hash.ts';
import { type AnyObject, type ControllerRevision, kinds, type PodTemplate } from '../core/kinds.ts';
import { controllerReference, typeMeta } from '../core/objects.ts';
import type { Write } from '../core/writes.ts';

export const revisionHashLabel = 'controller-revision-hash';

type Owner = AnyObject & {
  readonly spec: { readonly template: PodTemplate; readonly revisionHistoryLimit?: number };
};

export interface Revision {
  /** Of the ControllerRevision. */
  readonly name: string;
  readonly hash: string;
  readonly template: PodTemplate;
}

export interface Revisions {
  /** That of the owner's present template. */
  readonly update: Revision;
  /** All that are known, by name, the present one included. */
  readonly known: ReadonlyMap<string, Revision>;
  readonly writes: readonly Write[];
}

/**
 * The owner's templates of old, kept as ControllerRevisions (controller/history): the present one always has the
 * highest number, which is how `kubectl rollout history` and `undo` count. `inUse`: names or hashes never dropped.
 */
export function planRevisions(
  owner: Owner,
  history: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): Revisions {
  const kind = kinds.controllerRevisions;
  const sorted = history.toSorted((a, b) => a.revision - b.revision);
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  const data = { spec: { template: { ...owner.spec.template, $patch: 'replace' as const } } };
  const same = sorted.findLast((revision) => sameJson(revision.data, data));
  const writes: Write[] = [];
  let update: Revision;
  if (same === undefined) {
    const nameOf = (hash: string): string => `${owner.metadata.name}-${hash}`;
    const hash = freeHash(owner.spec.template, (candidate) =>
      history.some(({ metadata }) => metadata.name === nameOf(candidate)),
    );
    const labels = { ...owner.spec.template.metadata?.labels, [revisionHashLabel]: hash };
    const metadata = {
      name: nameOf(hash),
      namespace: owner.metadata.namespace,
      labels,
      ownerReferences: [controllerReference(owner)],
    };
    writes.push({ op: 'create', kind, object: { ...typeMeta(kind), metadata, data, revision: next } });
    update = { name: nameOf(hash), hash, template: owner.spec.template };
  } else {
    const renumbered: ControllerRevision = { ...same, revision: next };
    if (same !== sorted.at(-1)) writes.push({ op: 'update', kind, object: renumbered });
    update = revisionOf(same);
  }
  const known = new Map(sorted.map((revision) => [revision.metadata.name, revisionOf(revision)]));
  const idle = sorted.filter(({ metadata }) => {
    const { name, hash } = known.get(metadata.name) ?? update;
    return name !== update.name && !inUse.has(name) && !inUse.has(hash);
  });
  const surplus = idle.slice(0, Math.max(0, idle.length - (owner.spec.revisionHistoryLimit ?? 10)));
  writes.push(...surplus.map((object): Write => ({ op: 'delete', kind, object })));
  return { update, known: known.set(update.name, update), writes };
}

function revisionOf({ metadata, data }: ControllerRevision): Revision {
  const { $patch: _patch, ...template } = data.spec.template;
  return { name: metadata.name, hash: metadata.labels?.[revisionHashLabel] ?? '', template };
}
