import { claim } from '../core/claim.ts';
import { type Context, startController } from '../core/controller.ts';
import { FailureBackoff } from '../core/failure-backoff.ts';
import { kinds, type StatefulSet } from '../core/kinds.ts';
import { isControlledBy, keyOf } from '../core/objects.ts';
import { soonest } from '../core/pods.ts';
import { planRevisions, revisionHashLabel } from './revisions.ts';
import { planStatefulSet } from './stateful-set-plan.ts';
import { claimsOf } from './stateful-set-pod.ts';

/** Upstream recreates a Failed Pod at once, for ever; a Pod that the node refuses would be a hot loop here. */
const longestRecreationMs = 300_000;

export function startStatefulSetController(context: Context): void {
  const { store, clock, pods } = context;
  const backoff = new FailureBackoff(clock, longestRecreationMs);
  startController(context, {
    name: 'statefulset-controller',
    kind: kinds.statefulSets,
    owns: [kinds.pods],
    sync: (set, apply) => {
      const { namespace } = set.metadata;
      const mayBelong = pods
        .orphans(namespace)
        .filter(({ metadata }) => ordinalOf(set, metadata.name) !== undefined);
      const claimed = claim(kinds.pods, set, set.spec.selector, [...pods.controlledBy(set), ...mayBelong]);
      apply(claimed.writes);
      const history = store
        .list(kinds.controllerRevisions, namespace)
        .filter((revision) => isControlledBy(revision, set));
      const inUse = new Set([
        set.status?.currentRevision ?? '',
        ...claimed.owned.map(({ metadata }) => metadata.labels?.[revisionHashLabel] ?? ''),
      ]);
      const revisions = planRevisions(set, history, inUse);
      apply(revisions.writes);
      const members = claimed.owned.flatMap((pod) => {
        const ordinal = ordinalOf(set, pod.metadata.name);
        return ordinal === undefined ? [] : [{ ordinal, pod }];
      });
      const { writes, waits } = planStatefulSet({
        set,
        members,
        revisions,
        now: clock.now(),
        recreationWaitMs: (pod) => backoff.waitMs(keyOf(pod)),
        missingClaims: (ordinal) =>
          claimsOf(set, ordinal).filter(
            ({ metadata }) => store.get(kinds.persistentVolumeClaims, namespace, metadata.name) === undefined,
          ),
      });
      apply(writes);
      for (const write of writes) {
        const isReplaced =
          write.op === 'delete' &&
          members.some(({ pod }) => pod === write.object && pod.status?.phase === 'Failed');
        if (isReplaced) backoff.next(keyOf(write.object));
      }
      return soonest(waits);
    },
  });
}

/** The number at the end of a member's name; undefined for a Pod that is none. */
function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const rest = podName.startsWith(prefix) ? podName.slice(prefix.length) : '';
  return /^(0|[1-9]\d{0,8})$/.test(rest) ? Number(rest) : undefined;
}
