import type {
  ContainerSpec,
  InstanceRef,
  InstanceSpec,
  Ownership,
  VolumeSpec,
} from '../../../providers/contract/index.ts';
import type { Pod } from '../../kube/types.ts';
import type { ReferencedObject } from '../../podspec/referenced-objects.ts';
import type { Verdict, Waiting } from '../status/pod-status.ts';

/** The Pod with all its references resolved, or why that has to wait, or why it can never be. */
export type Resolution =
  | ResolvedSpec
  | { readonly kind: 'waiting'; readonly verdict: Waiting }
  | { readonly kind: 'invalid'; readonly verdict: Verdict };

export interface ResolvedSpec extends Freshness {
  readonly kind: 'spec';
  readonly spec: InstanceSpec;
}

/** One ephemeral container, as {@link Resolution}. */
export type EphemeralResolution =
  | { readonly kind: 'container'; readonly spec: ContainerSpec }
  | { readonly kind: 'waiting'; readonly verdict: Verdict }
  | { readonly kind: 'invalid'; readonly verdict: Verdict };

/** The volumes of a Pod that are all there at this moment. */
export interface ResolvedVolumes extends Freshness {
  readonly volumes: readonly VolumeSpec[];
}

/** For how long the files in volumes stay as they are. */
export interface Freshness {
  /** ConfigMaps and Secrets in its volumes that may change while it runs. */
  readonly changing: readonly ReferencedObject[];
  /** Milliseconds since the epoch: when its tokens should be asked for anew; Infinity without any. */
  readonly staleAt: number;
}

export interface SpecSource {
  /** While it answers `waiting`, it watches what is missing and calls back when the Pod should be tried again. */
  resolve(pod: Pod, owner: Ownership, signal: AbortSignal): Promise<Resolution>;
  /** The ephemeral containers of these names, all that still have to be added to a Pod that was resolved before. */
  ephemeral(
    pod: Pod,
    names: readonly string[],
    owner: Ownership,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, EphemeralResolution>>;
  /** What is missing leaves out its own volume and no other. */
  volumes(pod: Pod, owner: Ownership, signal: AbortSignal): Promise<ResolvedVolumes>;
  /** The Pod is gone. */
  forget(uid: string): void;
  /** Works until the signal fires. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Keeps the files of running instances as their Pods want them. */
export interface VolumeFollower {
  /** The instance runs with these files; absent = not known, as after a restart. */
  follow(pod: Pod, ref: InstanceRef, made?: ResolvedSpec): void;
  /** The Pod is gone. */
  forget(uid: string): void;
}
