import type { Instance } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import type { PodRecord } from './pod-record.ts';
import { instanceAvailable } from './status/conditions.ts';
import type { StatusContext, Verdict, Waiting } from './status/pod-status.ts';

/** What becomes of a Pod for which no offer has stock. */
export interface StockPolicy {
  /** Milliseconds from the first time that every offer was out of stock. */
  readonly deadlineMs: number;
  /** `wait`: it says so and goes on waiting. `fail`: it ends. */
  readonly onDeadline: 'wait' | 'fail';
}

/** What is known of the purchase of one Pod. */
export interface SaleView {
  /** The attempt that counts: the Pod has it in an annotation. */
  readonly attempt: number;
  /** What the Pod says that this attempt buys. */
  readonly purchase: 'none' | 'known' | 'not sold';
  /** The Pod says that it is this process that buys. */
  readonly mine: boolean;
  /** Another attempt, or another purchase, was decided on and is not in the Pod yet. */
  readonly deciding: boolean;
  readonly policy: StockPolicy;
}

interface Known {
  readonly record: Readonly<PodRecord>;
  readonly sale?: SaleView;
  readonly context: StatusContext;
}

/** Accepted, but there was nothing to run it on. */
export function unserved(instance: Instance): boolean {
  return instance.phase === 'Stopped' && instance.stopCause?.kind === 'OutOfStock' && !hasBegun(instance);
}

export function hasBegun({ containers }: Instance): boolean {
  return containers.some(({ id }) => id !== '');
}

/**
 * Of an attempt that another one was decided on in place of. One that has begun all the same is the Pod's instance:
 * what works is not thrown away for a note.
 */
export function isVoid(instance: Instance, sale: SaleView | undefined): boolean {
  return sale !== undefined && instance.owner.attempt < sale.attempt && !hasBegun(instance);
}

/** The end of a Pod that has waited for stock too long, where that is what was asked for. */
export function lateForStock(pod: Pod, known: Known): Verdict | undefined {
  const at = lateAt(pod, known);
  if (at === undefined || known.sale?.policy.onDeadline !== 'fail' || known.context.now < at)
    return undefined;
  return { reason: 'OutOfStock', message: tooLong(known) };
}

/** Why it waits, with how long it has done so; `lateAt` (milliseconds) = when there is more to say. */
export function withLateness(
  pod: Pod,
  known: Known,
): { readonly waiting?: Waiting; readonly lateAt?: number } {
  const { waiting } = known.record;
  const at = lateAt(pod, known);
  if (waiting === undefined) return {};
  if (at === undefined) return { waiting };
  if (known.context.now < at) return { waiting, lateAt: at };
  return { waiting: { ...waiting, message: tooLong(known) } };
}

function tooLong({ record: { waiting }, sale }: Known): string {
  const minutes = Math.round((sale?.policy.deadlineMs ?? 0) / 6_000) / 10;
  return `${waiting?.message ?? ''}; that has been so for more than ${minutes} min`;
}

function lateAt({ status }: Pod, { record, sale, context }: Known): number | undefined {
  if (sale === undefined || record.waiting?.reason !== 'OutOfStock') return undefined;
  const condition = status?.conditions?.find(({ type }) => type === instanceAvailable);
  const since = condition?.status === 'False' ? condition.lastTransitionTime : undefined;
  return (since === undefined ? context.now : Date.parse(since)) + sale.policy.deadlineMs;
}
