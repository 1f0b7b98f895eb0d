import type { Pod } from '../../kube/types.ts';
import { nameOf, type Observed } from './observed.ts';

/** What of a refusal is not as it should be; undefined when all is. */
export function refusalDifference(
  pod: Pod,
  { events, instances }: Observed,
  reason: string,
  field: string,
): string | undefined {
  const { uid = '' } = pod.metadata ?? {};
  const { phase = 'Pending', reason: found, message = '', containerStatuses = [] } = pod.status ?? {};
  if (instances.has(uid)) return `${nameOf(pod)} has an instance`;
  if (containerStatuses.length > 0) return `${nameOf(pod)} has container statuses, as if something had run`;
  if (phase !== 'Failed') return `${nameOf(pod)} is ${phase}`;
  if (found !== reason) return `the reason of ${nameOf(pod)} is ${found ?? 'missing'}`;
  if (!message.includes(`${field}: `)) return `the message of ${nameOf(pod)} is ${JSON.stringify(message)}`;
  const told = events.some(
    (event) => event.involvedObject.uid === uid && event.type === 'Warning' && event.reason === reason,
  );
  return told ? undefined : `there is no Warning Event ${reason} about ${nameOf(pod)}`;
}
