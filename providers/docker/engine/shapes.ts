/** What the Engine API sends and takes, as far as it is used here (docs.docker.com/reference/api/engine, 1.40 and later). */

export interface EngineVersion {
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  /** `linux`. */
  readonly Os: string;
  /** As Go names it: `amd64`. */
  readonly Arch: string;
  /** Of the engine: `20.10.24`. */
  readonly Version?: string;
  /** `Engine`, `Podman Engine`, `containerd`, ... */
  readonly Components?: readonly { readonly Name: string }[] | null;
}

export interface EngineInfo {
  readonly ID?: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly OSType: string;
  /** Where its data are, on its machine. */
  readonly DockerRootDir?: string;
  readonly OperatingSystem?: string;
  /** `name=seccomp,profile=default`, `name=rootless`, ... */
  readonly SecurityOptions?: readonly string[] | null;
}

export interface ListedContainer {
  readonly Id: string;
  readonly ImageID: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: ContainerStatus;
}

/** Podman adds `initialized`, and between `running` and `exited` `stopping` and `stopped`. */
export type ContainerStatus = string;

export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  /** RFC 3339. */
  readonly Created: string;
  readonly Image: string;
  readonly State: {
    readonly Status: ContainerStatus;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Pid: number;
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly StopSignal?: string;
    readonly Tty: boolean;
    readonly OpenStdin?: boolean;
    readonly StdinOnce?: boolean;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address: string }>
    > | null;
  };
}

/** Of a container, when its size is asked for. */
export interface InspectedSize {
  readonly SizeRw?: number;
  /** Of the driver json-file. */
  readonly LogPath?: string;
}

export interface InspectedImage {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Size?: number;
  readonly Config?: { readonly User?: string; readonly Healthcheck?: object | null } | null;
}

export interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** One line of the progress of a pull or an import. */
export interface Progress {
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

export interface InspectedExec {
  readonly Running: boolean;
  readonly ExitCode: number | null;
  /** On the engine's machine; 0 = it was not started (yet), or it has ended (Podman). */
  readonly Pid: number;
  /** It was started and has ended (Podman). */
  readonly CanRemove?: boolean;
  /** Never its name. */
  readonly ContainerID: string;
}

/** It was refused, or it has run. Podman gives 0 as the code of one that was not started yet, Docker null. */
export function hasEnded({ Running, ExitCode, Pid, CanRemove = false }: InspectedExec): boolean {
  return !Running && ExitCode !== null && (Pid > 0 || CanRemove || ExitCode > 0);
}

export interface EngineStats {
  readonly read: string;
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly stats?: {
      readonly total_inactive_file?: number;
      readonly inactive_file?: number;
      readonly rss?: number;
      readonly anon?: number;
    };
  };
  readonly pids_stats?: { readonly current?: number };
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null;
  };
  /** Absent on a container that shares the network of another. */
  readonly networks?: Readonly<
    Record<
      string,
      {
        readonly rx_bytes: number;
        readonly rx_errors: number;
        readonly tx_bytes: number;
        readonly tx_errors: number;
      }
    >
  >;
}

/** Filters of a list or of the events: a value must match one of the texts, for labels all of them. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export interface CreateContainer {
  readonly Image: string;
  readonly Hostname?: string;
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly Tty?: boolean;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly HostConfig: HostConfig;
}

export interface HostConfig {
  readonly NetworkMode: string;
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly DnsOptions?: readonly string[];
  readonly ExtraHosts?: readonly string[];
  readonly Mounts?: readonly EngineMount[];
  readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly CpuShares?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly PidsLimit?: number;
  readonly OomScoreAdj?: number;
  readonly GroupAdd?: readonly string[];
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly ReadonlyRootfs?: boolean;
  readonly DeviceRequests?: readonly DeviceRequest[];
}

export interface EngineMount {
  readonly Type: 'bind' | 'volume';
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
}

export interface DeviceRequest {
  readonly Driver: string;
  readonly Count: number;
  readonly Capabilities: readonly (readonly string[])[];
}
