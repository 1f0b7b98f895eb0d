import type { Instance } from '../../providers/contract/index.ts';
import { isLive } from '../../providers/contract/index.ts';
import type { Pod, PodStatus } from '../kube/types.ts';
import { ephemeralToAdd } from './ephemeral-containers.ts';
import type { PodRecord } from './pod-record.ts';
import { hasBegun, isVoid, lateForStock, type SaleView, unserved, withLateness } from './sale.ts';
import { unjudged } from './status/container-statuses.ts';
import { finalStatusMatters } from './status/final-status.ts';
import { isTerminal, showsInstance } from './status/phase.ts';
import {
  instanceStatus,
  lostStatus,
  neverStartedStatus,
  pendingStatus,
  rejectedStatus,
  type StatusContext,
  type Verdict,
} from './status/pod-status.ts';

/** Everything that is known of one Pod UID at one moment. */
export interface PodView {
  /** With the newest status known, be it the cache's or our own last write. Undefined: the API server has it no more. */
  readonly pod: Pod | undefined;
  /** What the provider shows, latest attempt last. */
  readonly instances: readonly Instance[];
  readonly record: Readonly<PodRecord>;
  /** Both sides were listed completely at least once. */
  readonly confirmed: boolean;
  readonly retainsStopped: boolean;
  /** Where instances are bought: what is known of the purchase. */
  readonly sale?: SaleView;
  readonly context: StatusContext;
}

/** One step. Every step is safe to repeat, and safe to be the last one that this process makes. */
export type Action =
  | { readonly type: 'none' }
  | { readonly type: 'create' }
  /** Decide what to buy; `replaces`: in place of an instance that turned out to have no stock. */
  | { readonly type: 'choose'; readonly replaces: boolean }
  | { readonly type: 'adopt'; readonly instance: Instance }
  | { readonly type: 'addContainers'; readonly instance: Instance; readonly names: readonly string[] }
  | { readonly type: 'stop'; readonly instance: Instance; readonly gracePeriodSeconds: number }
  /** Remove the instance from the provider, whatever it does. */
  | { readonly type: 'release'; readonly instance: Instance }
  /** List the provider's side anew: it may hold an instance that nobody has told us of. */
  | { readonly type: 'look' }
  /** Remove the Pod from the API server. */
  | { readonly type: 'finalize' }
  | { readonly type: 'forget' };

export interface Decision {
  readonly action: Action;
  /** The status that the Pod should show; absent = leave it. */
  readonly status?: PodStatus;
  /** Its time is up: why the node ends it. */
  readonly late?: Verdict;
  /** The Pod shall say that this process buys what an earlier one has decided on. */
  readonly claim?: true;
  /** Milliseconds since the epoch: decide again then, even if nothing happens. */
  readonly wakeAt?: number;
}

const none: Action = { type: 'none' };

/** After a create call whose outcome is open no other attempt begins for so long: it may still be on its way. */
const settleMs = 30_000;

/** An instance that still lives this long after its grace period is removed without waiting for its exit codes. */
const overdueMs = 60_000;

/**
 * The heart: what is to be done about one Pod, and what is to be said of it. A pure function of the view.
 *
 * Order matters for money: an instance is released before its Pod leaves the API server, a terminal status is written
 * before the instance that proves it is released, and nothing is done before both sides were seen whole.
 */
export function decide(view: PodView): Decision {
  if (!view.confirmed) return { action: none };
  const [surplus, latest] = split(view);
  if (surplus !== undefined) return held(view, { type: 'release', instance: surplus });
  if (view.pod === undefined) return gone(view, latest);
  const current = latest === undefined || view.record.adopted ? latest : unjudged(view.pod, latest);
  if (isTerminal(view.pod.status?.phase)) return terminal(view, view.pod, current);
  if (view.pod.metadata?.deletionTimestamp !== undefined) return deleting(view, view.pod, current);
  return current === undefined ? absent(view, view.pod) : present(view, view.pod, current);
}

/**
 * Of several attempts only the latest may live; the others are taken away, one by one, and so is one that another
 * attempt was decided on in place of.
 */
function split({ instances, sale }: PodView): [surplus: Instance | undefined, current: Instance | undefined] {
  const current = instances.at(-1);
  if (instances.length > 1) return [instances[0], current];
  return current !== undefined && isVoid(current, sale) ? [current, undefined] : [undefined, current];
}

/** A provider call, unless the last one failed a moment ago. */
function held(view: PodView, action: Action, status?: PodStatus): Decision {
  const said = status === undefined ? {} : { status };
  if (view.record.holdUntil > view.context.now)
    return { action: none, wakeAt: view.record.holdUntil, ...said };
  return { action, ...said };
}

/** The Pod left the API server: nothing of it may stay. */
function gone(view: PodView, current: Instance | undefined): Decision {
  if (current !== undefined) return held(view, { type: 'release', instance: current });
  if (view.record.created === 'unknown') return held(view, { type: 'look' });
  return { action: { type: 'forget' } };
}

/** The Pod has ended for good. What it shows is not touched again. */
function terminal(view: PodView, pod: Pod, current: Instance | undefined): Decision {
  const leaving = pod.metadata?.deletionTimestamp !== undefined;
  if (current === undefined) {
    if (view.record.created === 'unknown') return held(view, { type: 'look' });
    return leaving ? finalize(view, pod) : { action: none };
  }
  if (isLive(current)) return stop(view, current, graceOf(pod));
  if (leaving || !view.retainsStopped) return held(view, { type: 'release', instance: current });
  return { action: none };
}

function deleting(view: PodView, pod: Pod, current: Instance | undefined): Decision {
  const { record, context } = view;
  if (current !== undefined && unserved(current)) return held(view, { type: 'release', instance: current });
  if (current === undefined) {
    if (record.created === 'unknown') return held(view, { type: 'look' });
    const ran = hadInstance(view, pod);
    const status = ran ? lostStatus(pod, context, record.lastInstance) : neverStartedStatus(pod, context);
    if (finalStatusMatters(pod, status)) return { action: none, status };
    return finalize(view, pod);
  }
  if (isLive(current)) return stop(view, current, graceOf(pod), instanceStatus(pod, context, current));
  const status = instanceStatus(pod, context, current, deadlineVerdict(pod, context, current));
  if (finalStatusMatters(pod, status)) return { action: none, status };
  return held(view, { type: 'release', instance: current });
}

/** Nothing runs for this Pod. */
function absent(view: PodView, pod: Pod): Decision {
  const { record, context } = view;
  if (record.refusal !== undefined)
    return { action: none, status: rejectedStatus(pod, context, record.refusal) };
  const late = deadlineVerdict(pod, context) ?? lateForStock(pod, view);
  const ran = hadInstance(view, pod);
  // A Pod is not declared over before it is certain that nothing of it goes on.
  if ((ran || late !== undefined) && record.created === 'unknown') return held(view, { type: 'look' });
  if (ran) return { action: none, status: lostStatus(pod, context, record.lastInstance, late) };
  if (late !== undefined) return { action: none, status: neverStartedStatus(pod, context, late), late };
  const { waiting, lateAt } = withLateness(pod, view);
  const status = pendingStatus(pod, context, waiting);
  const decision = {
    ...(view.sale === undefined ? held(view, { type: 'create' }) : buying(view, view.sale)),
    status,
  };
  const wakeAt = earliest(decision.wakeAt, deadlineAt(pod, context), lateAt);
  return wakeAt === undefined ? decision : { ...decision, wakeAt };
}

/** One step towards an instance that is bought. */
function buying(view: PodView, sale: SaleView): Decision {
  const { record, context } = view;
  // The write that says what this attempt buys is under way.
  if (sale.deciding) return { action: none };
  const spent = record.spent === sale.attempt || sale.purchase === 'not sold';
  if (sale.purchase === 'known' && !spent)
    return sale.mine ? held(view, { type: 'create' }) : { action: none, claim: true };
  const doubt = spent ? unsettled(view) : undefined;
  if (doubt !== undefined) return doubt;
  const { shutUntil = 0 } = record;
  if (shutUntil > context.now) return { action: none, wakeAt: shutUntil };
  return held(view, { type: 'choose', replaces: false });
}

/** Until it is certain that no instance of the attempt will come. */
function unsettled(view: PodView): Decision | undefined {
  const { doubtAt, lookedAt = 0 } = view.record;
  if (doubtAt === undefined) return undefined;
  const settledAt = doubtAt + settleMs;
  if (settledAt > view.context.now) return { action: none, wakeAt: settledAt };
  return lookedAt >= settledAt ? undefined : held(view, { type: 'look' });
}

/** Accepted, and then there was no stock: another attempt is decided on before anything of this one is taken away. */
function replacing(view: PodView, pod: Pod, sale: SaleView): Decision {
  const { record, context } = view;
  if (record.refusal !== undefined)
    return { action: none, status: rejectedStatus(pod, context, record.refusal) };
  const late = deadlineVerdict(pod, context);
  if (late !== undefined) return { action: none, status: neverStartedStatus(pod, context, late), late };
  const status = pendingStatus(pod, context, record.waiting);
  const step = sale.deciding
    ? { action: none }
    : (unsettled(view) ?? held(view, { type: 'choose', replaces: true }));
  return { ...step, status };
}

function present(view: PodView, pod: Pod, current: Instance): Decision {
  const { record, context, sale } = view;
  if (sale !== undefined && unserved(current)) return replacing(view, pod, sale);
  const late = deadlineVerdict(pod, context, current);
  const status = instanceStatus(pod, context, current, late);
  if (late !== undefined && isLive(current)) return { ...stop(view, current, graceOf(pod), status), late };
  if (isLive(current) && !record.adopted) return held(view, { type: 'adopt', instance: current }, status);
  if (!isLive(current)) return { action: none, status };
  const ephemeral = ephemeralToAdd(pod, current, record.ephemeral, context.now);
  const decision: Decision =
    ephemeral.names.length > 0
      ? held(view, { type: 'addContainers', instance: current, names: ephemeral.names }, status)
      : { action: none, status };
  const wakeAt = earliest(decision.wakeAt, ephemeral.wakeAt, deadlineAt(pod, context));
  return wakeAt === undefined ? decision : { ...decision, wakeAt };
}

function stop(view: PodView, instance: Instance, gracePeriodSeconds: number, status?: PodStatus): Decision {
  const { stopping } = view.record;
  if (stopping === undefined || stopping.gracePeriodSeconds > gracePeriodSeconds) {
    return held(view, { type: 'stop', instance, gracePeriodSeconds }, status);
  }
  const overdueAt = stopping.at + stopping.gracePeriodSeconds * 1000 + overdueMs;
  if (overdueAt <= view.context.now) {
    // It may have ended long ago, with exit codes that somebody waits for and in an event that was lost.
    const looked = (view.record.lookedAt ?? 0) >= overdueAt;
    return held(view, looked ? { type: 'release', instance } : { type: 'look' }, status);
  }
  return { action: none, wakeAt: overdueAt, ...(status === undefined ? {} : { status }) };
}

/** With finalizers the object stays after our DELETE, terminal, until their owners let it go. */
function finalize(view: PodView, pod: Pod): Decision {
  const asked = view.record.deleted || pod.metadata?.deletionGracePeriodSeconds === 0;
  return asked ? { action: none } : { action: { type: 'finalize' } };
}

/**
 * Proof that an instance existed: this process saw it, or the status carries the ID of one of its containers. One that
 * never began, and that another attempt takes the place of, is none.
 */
function hadInstance({ record: { lastInstance }, sale }: PodView, pod: Pod): boolean {
  if (showsInstance(pod)) return true;
  if (lastInstance === undefined) return false;
  if (sale === undefined || hasBegun(lastInstance)) return true;
  return !unserved(lastInstance) && !isVoid(lastInstance, sale);
}

/** At least a second, as the kubelet has it (pkg/kubelet/pod_workers.go, calculateEffectiveGracePeriod). */
function graceOf(pod: Pod): number {
  const grace = pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
  return Math.max(1, grace);
}

function deadlineAt(pod: Pod, context: StatusContext): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return undefined;
  const start = pod.status?.startTime === undefined ? context.acceptedAt : Date.parse(pod.status.startTime);
  return start + seconds * 1000;
}

/** An `instance` that ended by itself before the deadline is not late, however late that is seen. */
function deadlineVerdict(pod: Pod, context: StatusContext, instance?: Instance): Verdict | undefined {
  const at = deadlineAt(pod, context);
  if (at === undefined || context.now < at) return undefined;
  if (instance !== undefined && endedBefore(at, pod, instance)) return undefined;
  return {
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };
}

/** Every container ended before `at` in a way that its restart policy lets rest: nobody had to stop it. */
function endedBefore(at: number, pod: Pod, { phase, containers }: Instance): boolean {
  const policy = pod.spec?.restartPolicy;
  return (
    phase === 'Stopped' &&
    containers.every(
      ({ state }) =>
        state.kind === 'terminated' &&
        Date.parse(state.finishedAt) < at &&
        (policy === 'Never' || (policy === 'OnFailure' && state.exitCode === 0)),
    )
  );
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
