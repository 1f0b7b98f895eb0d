import type { Context } from '../core/controller.ts';
import { kinds, type Pod } from '../core/kinds.ts';
import { isDeleting, timestamp, withCondition } from '../core/objects.ts';
import { isFinished } from '../core/pods.ts';
import { WorkQueue } from '../core/work-queue.ts';
import { applyWrites, type Write } from '../core/writes.ts';

const name = 'pod-garbage-collector';
/** A node that comes back within this time keeps its Pods (podgc/gc_controller.go quarantineTime). */
const quarantineMs = 40_000;

type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

/** Ends Pods whose node does not exist (any more): nobody else would ever report on them. */
export function startPodGarbageCollector(context: Context): void {
  const { store, clock, pods, signal } = context;
  const missingSince = new Map<string, number>();
  const queue = new WorkQueue({
    ...context,
    name,
    sync: (node) => {
      if (store.get(kinds.nodes, undefined, node) !== undefined) {
        missingSince.delete(node);
        return undefined;
      }
      const since = missingSince.get(node) ?? clock.now();
      missingSince.set(node, since);
      const leftMs = since + quarantineMs - clock.now();
      if (leftMs > 0) return leftMs;
      applyWrites(
        context,
        name,
        pods.onNode(node).flatMap((pod) => ending(pod, clock.now())),
      );
      if (pods.onNode(node).length === 0) missingSince.delete(node);
      return undefined;
    },
  });
  store.subscribe(kinds.nodes, signal, ({ object }) => queue.add(object.metadata.name));
  const consider = ({ spec }: Pod): void => {
    if (spec.nodeName && store.get(kinds.nodes, undefined, spec.nodeName) === undefined)
      queue.add(spec.nodeName);
  };
  for (const pod of store.list(kinds.pods)) consider(pod);
  store.subscribe(kinds.pods, signal, ({ type, object }) => {
    if (type !== 'DELETED') consider(object);
  });
}

function ending(pod: Pod, now: number): Write[] {
  const kind = kinds.pods;
  const remove: Write[] =
    isDeleting(pod) && pod.metadata.deletionGracePeriodSeconds === 0
      ? []
      : [{ op: 'delete', kind, object: pod, request: { gracePeriodSeconds: 0 } }];
  if (isFinished(pod)) return remove;
  const conditions = withCondition<PodCondition>(pod.status?.conditions ?? [], {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: timestamp(now),
  });
  return [
    { op: 'status', kind, object: pod, status: { ...pod.status, phase: 'Failed', conditions } },
    ...remove,
  ];
}
