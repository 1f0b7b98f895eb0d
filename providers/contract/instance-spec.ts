import type { Purchase } from './offers.ts';
import type { Ownership } from './ownership.ts';

/**
 * What a provider is asked to run: a Pod with every reference resolved. Environment values, files, credentials and
 * resources are final; nothing in here points at another API object.
 */
export interface InstanceSpec {
  readonly owner: Ownership;
  readonly hostname: string;
  /** Host name and domain, for the line of the instance in /etc/hosts; absent = the Pod has no subdomain. */
  readonly fqdn?: string;
  /** As in PodSpec. Applies to regular containers and, with Never, to init containers. */
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly terminationGracePeriodSeconds: number;
  /** Run one by one, in order, before the containers; those with restartPolicy Always are sidecars and keep running. */
  readonly initContainers: readonly ContainerSpec[];
  readonly containers: readonly ContainerSpec[];
  readonly volumes: readonly VolumeSpec[];
  readonly dns: DnsSpec;
  /** Further lines of /etc/hosts. */
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly registryCredentials: readonly RegistryCredential[];
  readonly securityContext: PodSecurity;
  /** All containers see each other's processes. */
  readonly shareProcessNamespace?: boolean;
  /** Labels and annotations of the Pod, for providers that document annotations of their own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What to buy. Present exactly when the provider has offers. */
  readonly purchase?: Purchase;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Entry point; absent = the image's own. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** True = a value of a Secret was written into `command` or `args`, as `$(NAME)`: they are to be kept as `secret` values are. */
  readonly secretArguments?: boolean;
  readonly workingDir?: string;
  readonly env: readonly EnvVar[];
  readonly ports: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  }[];
  readonly requests: Resources;
  readonly limits: Resources;
  readonly mounts: readonly Mount[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly postStart?: HookAction;
  readonly preStop?: HookAction;
  readonly securityContext: ContainerSecurity;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Path inside the container whose last 4096 bytes become the termination message. */
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: 'File' | 'FallbackToLogsOnError';
  /** Always on an init container makes it a sidecar. */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  /** In order, before the policy: an exit code that one of them names restarts the container. */
  readonly restartRules?: readonly RestartRule[];
  /** An ephemeral container only: the one whose processes it shall see as its own. */
  readonly targetContainer?: string;
}

export interface RestartRule {
  readonly operator: 'In' | 'NotIn';
  readonly exitCodes: readonly number[];
}

/**
 * Where the Pod asks for its own address, `value` carries a marker until that is known: see withPodIps.
 * `secret` values must not appear in logs, tags, errors or process titles, nor in a plain field of a cloud API where it has a better
 * one.
 */
export interface EnvVar {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
}

/** Absent = not set. */
export interface Resources {
  /** Thousandths of a core. */
  readonly cpuMillis?: number;
  readonly memoryBytes?: number;
  readonly ephemeralStorageBytes?: number;
  /** Everything else by name: extended resources such as nvidia.com/gpu (counts), huge pages (bytes). */
  readonly extended?: Readonly<Record<string, number>>;
}

export interface Mount {
  readonly volume: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly subPath?: string;
}

export type VolumeSpec =
  | {
      readonly name: string;
      readonly kind: 'emptyDir';
      readonly medium: '' | 'Memory';
      readonly sizeLimitBytes?: number;
    }
  | {
      readonly name: string;
      readonly kind: 'files';
      readonly files: readonly FileSpec[];
      readonly refreshable: boolean;
    };

export interface FileSpec {
  /** Relative to the volume, with `/`, never with `..`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly secret: boolean;
}

export interface DnsSpec {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly { readonly name: string; readonly value?: string }[];
}

export interface RegistryCredential {
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

export interface PodSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  /** Kernel parameters of the Pod's own namespaces, such as `net.ipv4.tcp_syncookies`. */
  readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
}

/** What the container says, and where it says nothing, what the Pod says. */
export interface ContainerSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
  readonly seccompProfile?: SecurityProfile;
  readonly appArmorProfile?: SecurityProfile;
  readonly seLinuxOptions?: {
    readonly user?: string;
    readonly role?: string;
    readonly type?: string;
    readonly level?: string;
  };
}

/** `localhostProfile` with Localhost only: the name of a profile on the machine that runs the instance. */
export interface SecurityProfile {
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostProfile?: string;
}

/** Periods in seconds, as in the Pod API after defaulting. */
export interface Probe {
  readonly action: ProbeAction;
  readonly initialDelaySeconds: number;
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  readonly terminationGracePeriodSeconds?: number;
}

export type ProbeAction =
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | HttpAction
  | { readonly kind: 'tcp'; readonly host?: string; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string };

export interface HttpAction {
  readonly kind: 'http';
  readonly scheme: 'HTTP' | 'HTTPS';
  /** Absent = the address of the instance. */
  readonly host?: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export type HookAction =
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | HttpAction
  | { readonly kind: 'sleep'; readonly seconds: number };
