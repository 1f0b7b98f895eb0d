import type { Instance, InstanceProvider } from '../../providers/contract/index.ts';
import { ProviderError, providerErrorKind } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { enforcedContainer } from './admission/enforced.ts';
import { ephemeralUnenforced } from './admission/verdict.ts';
import { tellNotEnforced } from './not-enforced.ts';
import type { Admission, PodEvents } from './pod-reconciler.ts';
import type { PodRecord } from './pod-record.ts';
import { bounded, retryWaitMs } from './provider-calls.ts';
import type { SpecSource } from './specs/spec-source.ts';
import type { Verdict } from './status/pod-status.ts';
import { waitingEvent } from './waiting-event.ts';

/** What this process remembers of one ephemeral container. All of it may be lost. */
export interface EphemeralRecord {
  /** The provider has taken it. */
  readonly added: boolean;
  /** Why it does not run, for its status. */
  readonly verdict?: Verdict;
  /** Milliseconds since the epoch; Infinity = it is not to be tried again. */
  readonly retryAt: number;
  /** Provider calls in a row that failed. */
  readonly failures: number;
}

/** A safety net: what is missing is watched, and its coming ends the wait. */
const missingReferenceMs = 60_000;

/**
 * The ephemeral containers to be added now, and when to look again. One that ran once is never added again, whether the
 * instance shows it or only the status that was written of it: it would be a second run.
 */
export function ephemeralToAdd(
  pod: Pod,
  instance: Instance,
  records: PodRecord['ephemeral'],
  now: number,
): { readonly names: readonly string[]; readonly wakeAt?: number } {
  const begun = new Set([
    ...instance.containers.filter(({ id }) => id !== '').map(({ name }) => name),
    ...(pod.status?.ephemeralContainerStatuses ?? []).filter((it) => it.containerID).map(({ name }) => name),
  ]);
  const names: string[] = [];
  let wakeAt = Infinity;
  for (const { name } of pod.spec?.ephemeralContainers ?? []) {
    const { added = false, retryAt = 0 } = records.get(name) ?? {};
    if (added || begun.has(name)) continue;
    if (retryAt <= now) names.push(name);
    else wakeAt = Math.min(wakeAt, retryAt);
  }
  return { names, ...(wakeAt < Infinity && { wakeAt }) };
}

export interface EphemeralDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly provider: Pick<InstanceProvider, 'addContainer' | 'capabilities'>;
  readonly admission: Admission;
  readonly specs: Pick<SpecSource, 'ephemeral'>;
  readonly events: PodEvents;
}

/**
 * Brings these ephemeral containers into the instance, or writes down why not. What is wrong with one of them is said
 * in its own status: the Pod goes on. Rejects only when the API server could not be asked.
 */
export async function addEphemeral(
  deps: EphemeralDeps,
  { pod, record, instance }: { readonly pod: Pod; readonly record: PodRecord; readonly instance: Instance },
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, admission, specs, events } = deps;
  const note = (name: string, verdict: Verdict, retryAt: number, failures = 0): void => {
    // What may be mended is told as the kubelet tells it, a refusal as that of a Pod.
    const { reason, message } = retryAt < Infinity ? waitingEvent({ ...verdict, container: name }) : verdict;
    if (record.ephemeral.get(name)?.verdict?.message !== verdict.message)
      events(pod, 'Warning', reason, message, name);
    record.ephemeral.set(name, { added: false, verdict, retryAt, failures });
  };
  const admitted = names.filter((name) => {
    const refusal = admission.ephemeralRefusal(pod, name) ?? withoutMeans(deps.provider);
    if (refusal !== undefined) note(name, refusal, Infinity);
    return refusal === undefined;
  });
  if (admitted.length === 0) return;
  const resolved = await specs.ephemeral(pod, admitted, instance.owner, signal);
  for (const [name, resolution] of resolved) {
    if (resolution.kind === 'invalid') note(name, resolution.verdict, Infinity);
    else if (resolution.kind === 'waiting') note(name, resolution.verdict, clock.now() + missingReferenceMs);
    else await add(name, resolution.spec);
  }

  async function add(name: string, asked: Parameters<NonNullable<InstanceProvider['addContainer']>>[1]) {
    const capabilities = deps.provider.capabilities();
    const spec = enforcedContainer(asked, capabilities);
    try {
      await bounded(clock, signal, async (bound) => deps.provider.addContainer?.(instance.ref, spec, bound));
      const unenforced = ephemeralUnenforced(pod, name, capabilities);
      if (unenforced.length > 0) tellNotEnforced(events, pod, unenforced, name);
      record.ephemeral.set(name, { added: true, retryAt: Infinity, failures: 0 });
    } catch (error) {
      const failures = record.ephemeral.get(name)?.failures ?? 0;
      const kind = providerErrorKind(error);
      const retryAt =
        kind === 'InvalidSpec' ? Infinity : clock.now() + retryWaitMs(error, failures, deps.random);
      note(name, failureOf(error), retryAt, failures + 1);
      const { podUid } = instance.ref;
      deps.log.warn(
        { uid: podUid, container: name, error: String(error), kind },
        'adding a container failed',
      );
    }
  }
}

function failureOf(error: unknown): Verdict {
  const told = error instanceof ProviderError ? error : undefined;
  return {
    reason: told?.reason ?? 'CreateContainerError',
    message: error instanceof Error ? error.message : String(error),
  };
}

function withoutMeans({ addContainer }: EphemeralDeps['provider']): Verdict | undefined {
  if (addContainer !== undefined) return undefined;
  return {
    reason: 'EphemeralContainersNotSupported',
    message: 'this provider cannot add a container to an instance that runs',
  };
}
