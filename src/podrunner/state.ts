import type {
  ContainerSpec,
  InstancePhase,
  RuntimeContainer,
  SandboxState,
  StopCause,
} from '../../providers/contract/index.ts';
import type { DiskMemory } from './disk.ts';

/**
 * Everything a plan is made from besides the spec and the time. The runs in `sandbox` are facts of the runtime and
 * survive this process; the rest is what this process has learned, and a plan must come out safe without it.
 */
export interface RunnerState {
  readonly sandbox: SandboxState;
  /** Milliseconds since the epoch: when this process was handed the spec. */
  readonly supervisedSince: number;
  readonly stop?: StopRequest;
  /** Why it is ended, where it was not the node that asked for it. Not remembered across a restart, as by the kubelet. */
  readonly stopCause?: StopCause;
  /** Absent = the runtime cannot measure. */
  readonly disk?: DiskMemory;
  /** Containers added since, by name, in the order in which they came. */
  readonly ephemeral: ReadonlyMap<string, ContainerSpec>;
  /** By run id. A run without an entry was started by this process a moment ago: {@link freshRun}. */
  readonly runs: ReadonlyMap<string, RunMemory>;
  /** By container name. */
  readonly startErrors: ReadonlyMap<string, StartError>;
  /** A start was called whose outcome is not known yet. */
  readonly starting: boolean;
  /** The phase published last: phases never go back. */
  readonly phase: InstancePhase;
}

export interface StopRequest {
  /** Milliseconds since the epoch when SIGKILL is due. Repeated requests only bring it nearer. */
  readonly deadline: number;
}

/** What this process knows of one run. */
export interface RunMemory {
  readonly postStart: 'pending' | 'done' | { readonly failedAt: number; readonly message: string };
  readonly preStop?: 'done';
  /** The deadline that the last accepted stop call was made for. */
  readonly stoppedFor?: number;
  /** Set when the run was there before this process: no probe begins before it. Milliseconds since the epoch. */
  readonly inheritedAt?: number;
  /** 0-1, spreads the first probes of inherited runs over one period, as the kubelet does after its own restart. */
  readonly spread?: number;
  readonly startup?: ProbeMemory;
  readonly readiness?: ProbeMemory;
  readonly liveness?: ProbeMemory;
}

export interface ProbeMemory {
  /** When the last probe began; absent = none did. */
  readonly probedAt?: number;
  /** The last outcome and how often in a row it was so. */
  readonly last?: 'success' | 'failure';
  readonly streak: number;
  /** The outcome that reached its threshold last, and when. */
  readonly result?: 'success' | 'failure';
  readonly resultAt?: number;
}

/** A start call that was rejected: the runtime failed, so no run tells of it. */
export interface StartError {
  readonly run: number;
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  /** Both in milliseconds since the epoch. */
  readonly failedAt: number;
  readonly retryAt: number;
}

export const freshRun: RunMemory = { postStart: 'pending' };

export type RunningContainer = RuntimeContainer & { readonly state: { readonly kind: 'running' } };

export function isRunning(run: RuntimeContainer | undefined): run is RunningContainer {
  return run?.state.kind === 'running';
}

/** Cuts a text that comes from outside to what a status field should hold. */
export function shorten(text: string, maxBytes = 1024): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}
