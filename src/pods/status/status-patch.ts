import { isDeepStrictEqual } from 'node:util';
import type { PodCondition, PodStatus } from '../../kube/types.ts';

/** The status fields that the node writes. Others (qosClass, resize, nominatedNodeName) are somebody else's. */
const ownFields = [
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'observedGeneration',
] as const satisfies readonly (keyof PodStatus)[];

/** Of these, absence is a statement; the others are left alone when nothing is known of them. */
const clearable: ReadonlySet<string> = new Set(['reason', 'message']);

/** The API merges these lists by address (patchMergeKey in core/v1/types.go), and an old one would stay beside the new. */
function mergesByIp(field: string): field is 'hostIPs' | 'podIPs' {
  return field === 'hostIPs' || field === 'podIPs';
}

/**
 * The strategic-merge patch that turns `base` into `wanted`, or undefined when nothing that the node owns differs.
 * Conditions merge by type, so those of others stay; a condition whose status did not change keeps its time.
 */
export function statusPatch(
  base: PodStatus | undefined,
  wanted: PodStatus,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of ownFields) {
    const value = wanted[field];
    if (value === undefined) {
      if (clearable.has(field) && base?.[field] !== undefined) patch[field] = null;
    } else if (!isDeepStrictEqual(value, base?.[field])) {
      patch[field] = mergesByIp(field) ? [...(wanted[field] ?? []), { $patch: 'replace' }] : value;
    }
  }
  const conditions = changedConditions(base?.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) patch.conditions = conditions;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

function changedConditions(base: readonly PodCondition[], wanted: readonly PodCondition[]): object[] {
  return wanted.flatMap((condition) => {
    const old = base.find(({ type }) => type === condition.type);
    if (old === undefined) return [condition];
    const same =
      old.status === condition.status &&
      old.reason === condition.reason &&
      old.message === condition.message &&
      old.observedGeneration === condition.observedGeneration;
    if (same) return [];
    const since = old.status === condition.status ? old.lastTransitionTime : undefined;
    return [{ ...condition, ...(since && { lastTransitionTime: since }), ...dropped(old, condition) }];
  });
}

/** A merge keeps what it is not told to drop. */
function dropped(old: PodCondition, next: PodCondition): object {
  return {
    ...(old.reason !== undefined && next.reason === undefined ? { reason: null } : {}),
    ...(old.message !== undefined && next.message === undefined ? { message: null } : {}),
  };
}
