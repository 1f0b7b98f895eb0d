import { claim } from '../core/claim.ts';
import { type Context, startController } from '../core/controller.ts';
import { FailureBackoff } from '../core/failure-backoff.ts';
import { kinds } from '../core/kinds.ts';
import { isControlledBy, keyOf } from '../core/objects.ts';
import { soonest } from '../core/pods.ts';
import { planDaemonSet } from './daemon-set-plan.ts';
import { planRevisions, revisionHashLabel } from './revisions.ts';

const longestRecreationMs = 15 * 60_000;

export function startDaemonSetController(context: Context): void {
  const { store, clock, pods, signal } = context;
  const backoff = new FailureBackoff(clock, longestRecreationMs);
  const queue = startController(context, {
    name: 'daemonset-controller',
    kind: kinds.daemonSets,
    owns: [kinds.pods],
    sync: (set, apply) => {
      const { namespace, uid } = set.metadata;
      const candidates = [...pods.controlledBy(set), ...pods.orphans(namespace)];
      const claimed = claim(kinds.pods, set, set.spec.selector, candidates);
      apply(claimed.writes);
      const history = store
        .list(kinds.controllerRevisions, namespace)
        .filter((revision) => isControlledBy(revision, set));
      const inUse = new Set(claimed.owned.map(({ metadata }) => metadata.labels?.[revisionHashLabel] ?? ''));
      const { update, writes: revisionWrites } = planRevisions(set, history, inUse);
      apply(revisionWrites);
      const plan = planDaemonSet({
        set,
        nodes: store.list(kinds.nodes),
        pods: claimed.owned,
        hash: update.hash,
        now: clock.now(),
        recreationWaitMs: (node) => backoff.waitMs(`${uid}/${node}`),
      });
      for (const node of plan.failedOn) backoff.next(`${uid}/${node}`);
      apply(plan.writes);
      return soonest(plan.waits);
    },
  });
  store.subscribe(kinds.nodes, signal, ({ object, previous }) => {
    const decidesPlacement = (node: typeof object | undefined): string =>
      JSON.stringify([node?.metadata.labels, node?.spec.taints, node?.metadata.uid]);
    if (decidesPlacement(object) === decidesPlacement(previous)) return;
    for (const set of store.list(kinds.daemonSets)) queue.add(keyOf(set));
  });
}
