import { createHash } from 'node:crypto';

/**
 * Whose instance this is. It is written into the instance by the very call that creates it (tags, labels, a file
 * beside the process), so that an instance can always be matched to its Pod, however the daemon ended.
 */
export interface Ownership {
  /** UID of the namespace kube-system: the identity of the cluster. */
  readonly clusterUid: string;
  /** Name of the virtual node. */
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  /** UID of the Pod: the one key by which everything is matched. Names come back, UIDs never do. */
  readonly podUid: string;
  /** 0 for the first instance of a Pod; counted up only after the previous one is proven gone. */
  readonly attempt: number;
}

/** Everything that one virtual node owns at a provider. */
export interface OwnerScope {
  readonly clusterUid: string;
  readonly node: string;
}

const prefix = 'burstlet.dev/';

/** The tags of an instance. Keys and values fit the limits of Docker labels, ECI tags (128/256) and ECS tags (128/256). */
export function ownershipTags(owner: Ownership): Record<string, string> {
  return {
    [`${prefix}cluster`]: owner.clusterUid,
    [`${prefix}node`]: owner.node,
    [`${prefix}namespace`]: owner.namespace,
    [`${prefix}pod`]: owner.name,
    [`${prefix}uid`]: owner.podUid,
    [`${prefix}attempt`]: String(owner.attempt),
  };
}

/** Reads {@link ownershipTags} back; undefined when a tag is missing or malformed: such an instance is not ours to touch. */
export function ownershipFromTags(tags: Readonly<Record<string, string | undefined>>): Ownership | undefined {
  const clusterUid = tags[`${prefix}cluster`];
  const node = tags[`${prefix}node`];
  const namespace = tags[`${prefix}namespace`];
  const name = tags[`${prefix}pod`];
  const podUid = tags[`${prefix}uid`];
  const attempt = tags[`${prefix}attempt`];
  if (!clusterUid || !node || !namespace || !name || !podUid || !attempt || !/^\d{1,9}$/.test(attempt))
    return undefined;
  return { clusterUid, node, namespace, name, podUid, attempt: Number(attempt) };
}

export function inScope(owner: Ownership, scope: OwnerScope): boolean {
  return owner.clusterUid === scope.clusterUid && owner.node === scope.node;
}

/**
 * The idempotency token of a create call: the same Pod and attempt always give the same token, so a create whose
 * answer was lost can be repeated without a second instance. 32 hex digits, within the 64 ASCII characters that ECI's
 * ClientToken and ECS's clientToken take.
 */
export function instanceToken(owner: Ownership): string {
  return createHash('sha256')
    .update(`${owner.clusterUid}/${owner.podUid}/${owner.attempt}`)
    .digest('hex')
    .slice(0, 32);
}
