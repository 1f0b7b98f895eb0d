import type { Capabilities } from './capabilities.ts';
import type { TerminatedState } from './instance.ts';
import type { ContainerSpec, FileSpec, InstanceSpec } from './instance-spec.ts';
import type { LogEntry, LogQuery } from './logs.ts';
import type { OwnerScope, Ownership } from './ownership.ts';
import type { Capacity, ContainerStats, NetworkStats, Notice } from './provider.ts';
import type { ExecRequest, ForwardedConnection, ProcessStreams } from './streams.ts';

/**
 * The container level of the contract: a runtime that knows sandboxes and containers and nothing of Pods. The pod
 * runner gives it the kubelet's semantics (init order, sidecars, restarts, probes, hooks) and so makes an
 * InstanceProvider of it. Runtimes start and stop exactly what they are told.
 *
 * A sandbox and its containers outlive the daemon. Calls reject with ProviderError.
 */
export interface ContainerRuntime {
  readonly name: string;
  capabilities(): Capabilities;
  capacity(signal: AbortSignal): Promise<Capacity>;

  /** What the containers of a Pod share: address, volumes, lifetime. Idempotent by `token`; ownership is set in the same step. */
  createSandbox(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<SandboxState>;

  /**
   * Creates and starts one run of a container. `run` counts up from 0 per container name; repeating a call with the
   * same run returns that run, whether it still lives or not. A container that cannot start is a run that is
   * `exited` with reason StartError, not a rejection; rejections say that the runtime itself failed.
   */
  startContainer(
    sandboxId: string,
    spec: ContainerSpec,
    run: number,
    signal: AbortSignal,
  ): Promise<RuntimeContainer>;

  /** SIGTERM now, SIGKILL after the grace period; returns when accepted. A later call may only shorten. Not found = done. */
  stopContainer(
    sandboxId: string,
    containerId: string,
    options: { readonly gracePeriodSeconds: number },
    signal: AbortSignal,
  ): Promise<void>;

  /** Forgets an exited run and its log. Not found = done. */
  removeContainer(sandboxId: string, containerId: string, signal: AbortSignal): Promise<void>;

  /** Kills everything in the sandbox and removes every trace. Resolves when nothing of it can run. Not found = done. */
  removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void>;

  /** Replaces the files of a volume. */
  updateVolume?(
    sandboxId: string,
    volume: string,
    files: readonly FileSpec[],
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * What a sandbox has on disk now. Asked every ten seconds or so, and only for what has a limit. A runtime that has it gets
   * Pods evicted that break one (`ephemeral-storage` of containers, `sizeLimit` of an emptyDir on disk); absent = nobody is.
   */
  diskUsage?(sandboxId: string, question: DiskQuestion, signal: AbortSignal): Promise<DiskUsage>;

  /** Every sandbox in scope with all its runs that were not removed. Complete or rejected. */
  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly SandboxState[]>;

  /** As InstanceProvider.observe: whole states, in order per sandbox, repeats allowed. */
  observe(scope: OwnerScope, listener: SandboxListener, signal: AbortSignal): Promise<void>;

  /**
   * Runs a command inside a running container with its streams connected, for people, probes and hooks; resolves to its exit code (128 + n after
   * signal n) when it has ended and all its output was taken. A command that cannot be started is exit 126 or 127 with
   * the reason on stderr, as runc does it. Rejects when the connection to it was lost, however it went on: never a made-up
   * code. When the signal fires the command is killed. NotFound when the container does not run.
   */
  exec(
    sandboxId: string,
    containerId: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number>;

  /**
   * Connects to the main process of a running container: its output from now on, and its input where the container has
   * `stdin`. Several may be attached at once. Resolves when the process has ended; when the signal fires only the
   * connection ends. With `stdinOnce` the input closes for good with the first session that had it. Without it
   * a runtime may end the session when its input ends, as containerd does.
   */
  attach?(
    sandboxId: string,
    containerId: string,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * Connects to a TCP port on the loopback of the sandbox; resolves when both directions have ended. Half closes pass
   * both ways. Rejects, with the system's own words, when nobody listens.
   */
  portForward?(
    sandboxId: string,
    port: number,
    connection: ForwardedConnection,
    signal: AbortSignal,
  ): Promise<void>;

  /** The log of one run. `query.container` and `query.previous` were resolved to `containerId` already. */
  logs(
    sandboxId: string,
    containerId: string,
    query: Omit<LogQuery, 'container' | 'previous'>,
    signal: AbortSignal,
  ): AsyncIterable<LogEntry>;

  stats(scope: OwnerScope, signal: AbortSignal): Promise<readonly SandboxStats[]>;
  close?(): Promise<void>;
}

export interface DiskQuestion {
  /** emptyDir volumes on disk, by name. */
  readonly volumes: readonly string[];
  readonly containerIds: readonly string[];
}

/** In bytes. What cannot be measured now is left out. */
export interface DiskUsage {
  /** By name. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By container ID: what it has written outside of volumes, and its log. */
  readonly containers: ReadonlyMap<string, number>;
}

export interface SandboxState {
  readonly id: string;
  readonly owner: Ownership;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly ips: readonly string[];
  /** All runs that were not removed, oldest first. */
  readonly containers: readonly RuntimeContainer[];
}

export interface RuntimeContainer {
  /** Unique over the life of the runtime. */
  readonly id: string;
  readonly name: string;
  /** 0 for the first run of this name. */
  readonly run: number;
  readonly image: string;
  readonly imageId: string;
  readonly state:
    | { readonly kind: 'running'; readonly startedAt: string }
    | { readonly kind: 'exited'; readonly result: TerminatedState };
}

export type SandboxEvent =
  | { readonly type: 'changed'; readonly sandbox: SandboxState }
  | { readonly type: 'gone'; readonly sandboxId: string; readonly podUid: string }
  | { readonly type: 'notice'; readonly sandboxId: string; readonly podUid: string; readonly notice: Notice };

export type SandboxListener = (event: SandboxEvent) => void;

export interface SandboxStats {
  readonly sandboxId: string;
  readonly podUid: string;
  readonly containers: readonly ContainerStats[];
  readonly network?: NetworkStats;
}
