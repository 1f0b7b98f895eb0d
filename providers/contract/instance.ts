import type { Ownership } from './ownership.ts';

/** How a provider's instance is named: `id` is the provider's own (an ECI group id, a task ARN, a folder). */
export interface InstanceRef {
  readonly id: string;
  readonly podUid: string;
}

/**
 * The life of an instance. It only ever moves to the right.
 * `Pending`: accepted, nothing runs yet. `Running`: at least one container was started. `Stopping`: asked to stop, may
 * still run. `Stopped`: nothing runs and nothing will again; the record stays readable until it is deleted.
 */
export type InstancePhase = 'Pending' | 'Running' | 'Stopping' | 'Stopped';

/** Why an instance stopped, when it was not its containers that ended and not the node that asked for it. */
export interface StopCause {
  /**
   * `Interrupted`: the provider took it back (spot). `Evicted`: it broke a limit (storage, memory). `Failed`: it could
   * not go on. `OutOfStock`: accepted, but there was nothing to run it on; no container of it was ever started, and the
   * node may buy another in its place.
   */
  readonly kind: 'Interrupted' | 'Evicted' | 'Failed' | 'OutOfStock';
  /** CamelCase, stable; becomes `status.reason` of the Pod. */
  readonly reason: string;
  readonly message: string;
}

/** One instance as its provider sees it now. A snapshot: adapters never mutate one that they handed out. */
export interface Instance {
  readonly ref: InstanceRef;
  readonly owner: Ownership;
  readonly phase: InstancePhase;
  /** ISO 8601, UTC: when the provider accepted it. */
  readonly createdAt: string;
  /** Addresses of the instance; the first is the Pod IP. At most one per family. */
  readonly ips: readonly string[];
  /** Init containers first, in the order of the spec. A container that the provider does not know yet is absent. */
  readonly containers: readonly ContainerObservation[];
  readonly stopCause?: StopCause;
  /** Why it does not run yet, for people: `Pulling image`, `Waiting for capacity`. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** The provider will take it back soon: an interruption notice of the spot market. */
  readonly interruption?: { readonly at: string; readonly message: string };
  /** Absent = the provider sells nothing, or bills nothing for it yet. */
  readonly billing?: Billing;
  /**
   * What the platform is documented to write onto its Pods: tools look for it there. Where instances are bought the node
   * writes it, with the status, from the start of the instance on.
   */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** From when until when an instance is billed, as far as its provider tells. ISO 8601, UTC. */
export interface Billing {
  readonly startedAt: string;
  readonly endedAt?: string;
}

export interface ContainerObservation {
  readonly name: string;
  readonly kind: 'init' | 'regular' | 'ephemeral';
  readonly image: string;
  /** Digest reference where there is one, else ''. */
  readonly imageId: string;
  /** Unique over the life of the provider, without a scheme; '' before the first start. */
  readonly id: string;
  readonly state: ContainerState;
  /** The previous run of the same container. */
  readonly lastState?: TerminatedState;
  readonly restartCount: number;
  /** Startup probe passed, or there is none and it runs. */
  readonly started: boolean;
  /** Running, started, and the readiness probe (if any) last succeeded. */
  readonly ready: boolean;
}

export type ContainerState = WaitingState | RunningState | TerminatedState;

/** `reason` is a kubelet reason: ContainerCreating, PodInitializing, CrashLoopBackOff, ErrImagePull, ... */
export interface WaitingState {
  readonly kind: 'waiting';
  readonly reason: string;
  readonly message: string;
}

export interface RunningState {
  readonly kind: 'running';
  readonly startedAt: string;
}

export interface TerminatedState {
  readonly kind: 'terminated';
  /** 0-255; 128 + n when ended by signal n. */
  readonly exitCode: number;
  readonly signal?: number;
  /** Completed, Error, OOMKilled, StartError, ContainerStatusUnknown. */
  readonly reason: string;
  readonly message: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Id of the run that ended, as {@link ContainerObservation.id}. */
  readonly containerId: string;
}

export function isLive(instance: Instance): boolean {
  return instance.phase !== 'Stopped';
}
