import type { Pod } from '../../../src/kube/types.ts';
import type { Life } from './cloud.ts';

/** Pods that had two live instances at the same moment. */
export function doubled(lives: readonly Life[]): string[] {
  const byPod = Map.groupBy(lives, ({ podUid }) => podUid);
  return [...byPod].flatMap(([uid, all]) => {
    const sorted = all.toSorted((a, b) => a.from - b.from);
    return sorted.flatMap((life, index) => {
      const before = sorted[index - 1];
      if (before === undefined || (before.to !== undefined && before.to <= life.from)) return [];
      return [
        `Pod ${uid} has two live instances: ${before.id} until ${before.to}, ${life.id} from ${life.from}`,
      ];
    });
  });
}

/** What is not yet as it should be when nobody does anything any more. */
export function unsettled(pods: readonly Pod[], lives: readonly Life[], strays: readonly string[]): string[] {
  const live = lives.filter(({ to }) => to === undefined);
  const known = new Map(pods.map((pod) => [pod.metadata?.uid ?? '', pod]));
  const leaked = live
    .filter(({ podUid }) => !known.has(podUid))
    .map(({ id, podUid }) => `instance ${id} of Pod ${podUid}, which is gone, lives on`);
  const wrong = [...known].flatMap(([uid, { metadata, status }]) => {
    const name = metadata?.name;
    const own = live.filter(({ podUid }) => podUid === uid);
    if (metadata?.deletionTimestamp !== undefined) return [`Pod ${name} is still being deleted`];
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed')
      return own.map(({ id }) => `Pod ${name} has ended and its instance ${id} lives on`);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (status?.phase === 'Running' && ready && own.length === 1) return [];
    return [`Pod ${name} is ${status?.phase}, ready=${ready}, with ${own.length} live instances`];
  });
  const lost = pods
    .filter(({ status }) => status?.phase === 'Failed' && !hasCause(status))
    .map(
      ({ metadata, status }) =>
        `Pod ${metadata?.name} failed for nothing: ${status?.reason} ${status?.message}`,
    );
  return [...leaked, ...wrong, ...lost, ...strays.map((stray) => `${stray} is of no use to anybody`)];
}

/** In these stories a Pod fails because it was taken back or because its container ended with a code. */
function hasCause({ conditions, containerStatuses }: NonNullable<Pod['status']>): boolean {
  const disrupted = conditions?.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  return disrupted === true || containerStatuses?.[0]?.state?.terminated?.exitCode === 3;
}
