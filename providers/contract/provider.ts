import type { Capabilities } from './capabilities.ts';
import type { ContainerObservation, Instance, InstanceRef } from './instance.ts';
import type { ContainerSpec, FileSpec, InstanceSpec, Resources } from './instance-spec.ts';
import type { LogEntry, LogQuery } from './logs.ts';
import type { Machine, Offer, SizingRules, Wishes } from './offers.ts';
import type { OwnerScope } from './ownership.ts';
import type { ExecRequest, ForwardedConnection, ProcessStreams } from './streams.ts';

/**
 * The Pod level of the contract: what a virtual node talks to. One Pod is one instance.
 *
 * Every call takes an AbortSignal and settles soon after it fires. Calls reject with ProviderError; any other error
 * counts as Retryable. No call is made before `capabilities()` said that the Pod can be honoured.
 */
export interface InstanceProvider {
  /** Lower case, short: `mock`, `process`, `eci`. It prefixes container IDs (`mock://...`). */
  readonly name: string;

  /** What this provider does with each Pod field. Constant for the life of the provider. */
  capabilities(): Capabilities;

  /** How much fits, in total. Asked at start and every few minutes. */
  capacity(signal: AbortSignal): Promise<Capacity>;

  /** How Pods are read into the sizes that are sold. Present exactly when {@link offers} is. */
  readonly sizing?: SizingRules;

  /**
   * What can be bought, in the order in which the node shall try it, as known now. Costs no call: the provider keeps
   * it fresh by itself. A provider that has it gets a `purchase` with every spec. Absent = instances are not bought.
   */
  offers?(): readonly Offer[];

  /** Absent = Pods choose by the annotations of the node alone. */
  readonly wishes?: Wishes;

  /** Machines to compare the offers with, as far as their list prices are known. Absent = none. */
  machines?(): readonly Machine[];

  /**
   * Creates the instance and returns as soon as the provider has accepted it (not when it runs). Idempotent by
   * `token`: a repeated call returns the instance that the first one made, however that one ended for the caller.
   * The ownership in `spec.owner` is attached in the same step: there is no moment at which the instance exists
   * without it.
   */
  create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance>;

  /**
   * After a restart of the daemon: hands over the spec of an instance that was found by {@link list}. For providers
   * that supervise from within this process (restarts, probes); others leave it out. `previous` is what was published
   * of its containers last: with it an instance that was ready stays ready until a probe says otherwise.
   */
  adopt?(
    ref: InstanceRef,
    spec: InstanceSpec,
    signal: AbortSignal,
    previous?: readonly Pick<ContainerObservation, 'id' | 'started' | 'ready'>[],
  ): Promise<void>;

  /** Replaces the files of a refreshable volume in a running instance. */
  update?(ref: InstanceRef, volume: string, files: readonly FileSpec[], signal: AbortSignal): Promise<void>;

  /**
   * Asks the instance to stop and returns when that is accepted. Containers get their preStop hook and SIGTERM, after
   * the grace period SIGKILL. Repeating it is harmless and may only shorten the time left. The instance then reaches
   * `Stopped` with its exit codes and stays listed until {@link delete}; a platform that forgets it at once reports
   * `Stopped` through {@link observe} before it reports `gone`. NotFound when there is no such instance.
   */
  stop(ref: InstanceRef, options: StopOptions, signal: AbortSignal): Promise<void>;

  /**
   * Removes every trace of the instance, killing what still runs. Resolves when nothing of it can run any more.
   * Idempotent: an unknown instance is done.
   */
  delete(ref: InstanceRef, signal: AbortSignal): Promise<void>;

  /**
   * Every instance in the scope that is not deleted, stopped ones included. Complete or rejected: a page that could
   * not be read rejects the whole call, for what is missing here may be taken for lost.
   */
  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]>;

  /**
   * Reports changes until the signal fires. Each event carries the whole new state; events of one instance come in
   * order; repeats are allowed. Changes before the call may be missing: the node lists after it began to observe.
   * Resolves on abort; rejects when it can no longer observe (the node then observes and lists anew).
   */
  observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void>;

  /** The log of one container; NotFound when that run has no log. Absent = `kubectl logs` answers 501. */
  logs?(ref: InstanceRef, query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry>;

  /** As ContainerRuntime.exec, in the current run of a container. Absent = `kubectl exec` answers 501. */
  exec?(
    ref: InstanceRef,
    container: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number>;

  /** As ContainerRuntime.attach. Absent = `kubectl attach` answers 501. */
  attach?(ref: InstanceRef, container: string, streams: ProcessStreams, signal: AbortSignal): Promise<void>;

  /** As ContainerRuntime.portForward. Absent = `kubectl port-forward` answers 501. */
  portForward?(
    ref: InstanceRef,
    port: number,
    connection: ForwardedConnection,
    signal: AbortSignal,
  ): Promise<void>;

  /**
   * Adds an ephemeral container (`kubectl debug`) to a running instance and returns when that is accepted; it is never
   * restarted. Idempotent by name, also across a restart of the daemon. It ends with the instance, and its own end
   * changes nothing else. Absent = `spec.ephemeralContainers` must be refused.
   */
  addContainer?(ref: InstanceRef, spec: ContainerSpec, signal: AbortSignal): Promise<void>;

  /** Usage of the running instances of the scope. Instances that cannot be measured now are left out. */
  stats?(scope: OwnerScope, signal: AbortSignal): Promise<readonly InstanceStats[]>;

  /** Ends what the provider holds open in this process. Instances keep running. */
  close?(): Promise<void>;
}

export interface StopOptions {
  /** Seconds until SIGKILL, at least 1. */
  readonly gracePeriodSeconds: number;
}

export type InstanceEvent =
  | { readonly type: 'changed'; readonly instance: Instance }
  /** The instance is no more, and the provider is sure of it. */
  | { readonly type: 'gone'; readonly ref: InstanceRef }
  | { readonly type: 'notice'; readonly ref: InstanceRef; readonly notice: Notice };

/** Something people should hear of, though it changes no state: it becomes an Event of the Pod. Carries no secrets. */
export interface Notice {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, the kubelet's where it has one (pkg/kubelet/events): Pulled, Started, Unhealthy, BackOff. */
  readonly reason: string;
  readonly message: string;
  /** The container that it is about; absent = the whole instance. */
  readonly container?: string;
}

export type InstanceListener = (event: InstanceEvent) => void;

export interface Capacity {
  readonly resources: Resources;
  /** Instances at the same time. */
  readonly instances: number;
}

export interface InstanceStats {
  readonly ref: InstanceRef;
  readonly containers: readonly ContainerStats[];
  /** Where the platform tells it. */
  readonly network?: NetworkStats;
}

/** What has passed the interfaces of an instance since it was made; never falls. */
export interface NetworkStats {
  /** ISO 8601: when it was measured. */
  readonly time: string;
  readonly interfaces: readonly {
    readonly name: string;
    readonly rxBytes: number;
    readonly rxErrors: number;
    readonly txBytes: number;
    readonly txErrors: number;
  }[];
}

export interface ContainerStats {
  readonly name: string;
  /** ISO 8601: when it was measured. */
  readonly time: string;
  readonly startedAt: string;
  /** Core-nanoseconds since `startedAt`; never falls. */
  readonly cpuNanoSeconds: number;
  /** 0 = not measured. */
  readonly memoryWorkingSetBytes: number;
  /** With the caches that could be given back. */
  readonly memoryUsageBytes?: number;
  /** Without any file pages. */
  readonly memoryRssBytes?: number;
  readonly processes?: number;
  /** Of block devices, since `startedAt`. */
  readonly diskReadBytes?: number;
  readonly diskWriteBytes?: number;
}

/** How one probe came out. */
export interface ProbeOutcome {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly probe: 'startup' | 'readiness' | 'liveness';
  /** `error`: the probe itself could not be made. */
  readonly result: 'success' | 'failure' | 'error';
}

/** What a provider module exports: `burstlet run --provider ./my-provider.js` calls `createProvider`. */
export interface ProviderModule {
  createProvider(context: ProviderContext): InstanceProvider | Promise<InstanceProvider>;
}

export interface ProviderContext {
  /** The `provider.options` of the configuration, unchecked: the adapter validates them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly log: ProviderLog;
  /** A folder that belongs to this provider and survives restarts; created with mode 0700. */
  readonly stateDir: string;
  /** Hears of every probe, for the node's metrics. For providers that supervise from within this process. */
  readonly onProbe?: (outcome: ProbeOutcome) => void;
  /**
   * One for all nodes of the process: where a provider keeps what they share, such as the call limits of an account,
   * under a name that begins with its own. Absent = there is this node only.
   */
  readonly shared?: Map<string, unknown>;
}

export interface ProviderLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
