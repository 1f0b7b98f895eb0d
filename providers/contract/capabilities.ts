import type { PodFeature } from './features.ts';

/**
 * What a provider does with a Pod feature. There is no fourth kind: a field is never dropped in silence.
 * `honoured`: as on a node; only what an InstanceSpec carries, or what all instances have by nature, can be. `emulated`: the effect is there, by other means; `how` says what differs.
 * `refused`: the Pod is refused before anything is created; `why` and `instead` go into the message. A restraint may be
 * refused and the Pod run all the same, where the operator of the node consents: then it is not in the InstanceSpec.
 */
export type Support = Honoured | Emulated | Refused;

export interface Honoured {
  readonly support: 'honoured';
}

export interface Emulated {
  readonly support: 'emulated';
  readonly how: string;
}

export interface Refused {
  readonly support: 'refused';
  readonly why: string;
  readonly instead: string;
}

export interface Capabilities {
  /** Total over the catalogue: the compiler refuses a provider that leaves a feature out. */
  readonly features: Readonly<Record<PodFeature, Support>>;
  /** Operating systems and architectures an instance can have, as in `kubernetes.io/os` and `kubernetes.io/arch`. */
  readonly os: readonly ('linux' | 'darwin' | 'windows')[];
  readonly arch: readonly string[];
  /** Present = only these image repositories (without tag) can be run; `why` and `instead` complete the refusal. */
  readonly images?: {
    readonly repositories: readonly string[];
    readonly why: string;
    readonly instead: string;
  };
  /** True when a container needs an explicit `command` because the provider knows no image entry point. */
  readonly needsCommand: boolean;
  /** False when the platform forgets a stopped instance (and its logs) by itself or charges for keeping it. */
  readonly retainsStopped: boolean;
  /** Absent = nobody reads values of Secrets who could not on a node. `burstlet check` warns of it. */
  readonly exposesSecrets?: SecretExposure;
}

/** How values of Secrets come into a container: its variables, those of init containers, `$(NAME)` in command or args, files. */
export const secretWays = ['env', 'initEnv', 'arguments', 'files'] as const;
export type SecretWay = (typeof secretWays)[number];

export interface SecretExposure {
  readonly ways: readonly SecretWay[];
  /** Who else can read them, and what to do. */
  readonly text: string;
}

export const honoured: Honoured = { support: 'honoured' };

export function emulated(how: string): Emulated {
  return { support: 'emulated', how };
}

export function refused(why: string, instead: string): Refused {
  return { support: 'refused', why, instead };
}
