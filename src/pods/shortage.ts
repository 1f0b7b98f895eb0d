import type { Pod, PodStatus } from '../kube/types.ts';
import type { PodRecord } from './pod-record.ts';
import { instanceAvailable } from './status/conditions.ts';
import type { Verdict } from './status/pod-status.ts';

/** Why no instance can be had, when that is news: neither in the Pod yet nor told by this process before. */
export function shortageToTell(pod: Pod, status: PodStatus, record: PodRecord): Verdict | undefined {
  const wanted = status.conditions?.find(({ type }) => type === instanceAvailable);
  if (wanted?.status !== 'False') return undefined;
  const { reason = '', message = '' } = wanted;
  const known = pod.status?.conditions?.find(({ type }) => type === instanceAvailable);
  const told = record.toldShortage ?? (known?.status === 'False' ? known.message : undefined);
  record.toldShortage = message;
  return told === message ? undefined : { reason, message };
}
