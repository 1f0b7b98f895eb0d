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
      patch[field] = value;
    }
  }
  const conditions = changedConditions(base?.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) patch.conditions = conditions;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

function changedConditions(base: readonly PodCondition[], wanted: readonly PodCondition[]): PodCondition[] {
  return wanted.flatMap((condition) => {
    const old = base.find(({ type }) => type === condition.type);
    if (old === undefined || old.status !== condition.status) return [condition];
    const kept = {
      ...condition,
      ...(old.lastTransitionTime === undefined ? {} : { lastTransitionTime: old.lastTransitionTime }),
    };
    const same =
      old.reason === kept.reason &&
      old.message === kept.message &&
      old.observedGeneration === kept.observedGeneration;
    if (same) return [];
    return [{ ...kept, ...(old.reason !== undefined && kept.reason === undefined ? cleared : {}) }];
  });
}

/** A merge keeps what it is not told to drop. */
const cleared = { reason: '', message: '' };
