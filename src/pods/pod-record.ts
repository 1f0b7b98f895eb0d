import type { Instance } from '../../providers/contract/index.ts';
import { type Attempt, saysPurchase } from '../capacity/purchase-notes.ts';
import type { Pod } from '../kube/types.ts';
import type { EphemeralRecord } from './ephemeral-containers.ts';
import { isTerminal } from './status/phase.ts';
import type { Verdict, Waiting } from './status/pod-status.ts';

/**
 * What this process remembers of one Pod UID beyond what both sides show. All of it may be lost: after a restart it is
 * rebuilt from the Pod and the provider's list, or it is not needed.
 */
export interface PodRecord {
  /** Milliseconds: when the Pod was first taken in hand. */
  acceptedAt: number;
  /**
   * `unknown`: whether there is an instance is open. A create call may have happened although it failed; or an earlier
   * process may have had one, and one list that lacks it is no proof against that.
   */
  created: 'no' | 'unknown' | 'yes';
  /** When the provider was last listed for this Pod alone; milliseconds. */
  lookedAt?: number;
  /** The latest state that the provider showed, kept when the instance is gone. */
  lastInstance?: Instance;
  /** The spec was handed to the provider in this process. */
  adopted: boolean;
  /** The stop with the shortest grace period that the provider has accepted; `at` in milliseconds. */
  stopping?: { readonly gracePeriodSeconds: number; readonly at: number };
  /** Admission refused the Pod. */
  refusal?: Verdict;
  /** Admission let the Pod pass; it is not asked again. */
  admitted: boolean;
  /** What the Pod shall say that is not enforced of it; null = nothing, undefined = it has said so. */
  notEnforced?: string | null;
  /** Why creation waits, for the Pod's status. */
  waiting?: Waiting;
  /** The attempt that this process has decided on; it counts once the Pod says so. `at` in milliseconds. */
  chosen?: Attempt & { readonly at: number; told?: boolean };
  /** The attempt that came to nothing for lack of stock. */
  spent?: number;
  /** Nothing can be bought before this time; milliseconds. */
  shutUntil?: number;
  /** It waits for the quota of the provider. */
  queued?: boolean;
  /** When a create call of this attempt may have been on its way last; milliseconds. */
  doubtAt?: number;
  /** Its instance was seen to run, and that its offer has stock is known. */
  served?: boolean;
  /** What was last told of why it has no instance, or of its coming end. */
  toldShortage?: string;
  toldInterruption?: boolean;
  /** An Event has told that its time is up. */
  toldLate?: boolean;
  /** Ephemeral containers by name. */
  readonly ephemeral: Map<string, EphemeralRecord>;
  /** No provider call before this time; milliseconds. */
  holdUntil: number;
  /** Provider calls in a row that failed. */
  failures: number;
  /** The watch said that the Pod is gone. Without that, its absence from the cache proves nothing. */
  sawDeleted: boolean;
  /** The API server took our DELETE. */
  deleted: boolean;
}

export function createRecord(now: number, pod?: Pod): PodRecord {
  // A purchase is written down right before it is made.
  const bought = pod !== undefined && saysPurchase(pod) && !isTerminal(pod.status?.phase);
  return {
    acceptedAt: now,
    created: pod !== undefined && (bought || mayHaveRun(pod)) ? 'unknown' : 'no',
    ...(bought ? { doubtAt: now } : {}),
    adopted: false,
    admitted: false,
    ephemeral: new Map(),
    sawDeleted: false,
    holdUntil: 0,
    failures: 0,
    deleted: false,
  };
}

/** A Pod that comes into this process with a past, and without an end that was written down. */
function mayHaveRun(pod: Pod): boolean {
  const leaving = pod.metadata?.deletionTimestamp !== undefined;
  return !isTerminal(pod.status?.phase) && (leaving || pod.status?.startTime !== undefined);
}
