import type { RestraintName } from '../../providers/contract/restraints.ts';

/** What one virtual node is made of. Checked and complete: every default is filled in. */
export interface NodeSettings {
  readonly name: string;
  /** `docker`, `eci`, `fargate`, `mock`, `process`, a path that begins with `.` or `/`, or the name of a package. */
  readonly provider: string;
  /** Handed to the provider as they are. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the node's HTTPS API listens. Port 0 takes a free one. */
  readonly listen: ListenAddress;
  /** InternalIP of the node; absent = found out (the address of `listen`, or of the default interface). */
  readonly address?: string;
  /** Put the taint `virtual-kubelet.io/provider` on the node. */
  readonly taint: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Overrides what the provider says, in Kubernetes quantities. */
  readonly capacity: Readonly<Record<string, string>>;
  /** What becomes of Pods for which a provider that sells instances has no stock; absent = they wait. */
  readonly outOfStock?: OutOfStockSettings;
  /** What Pods may run here without, where the provider refuses it; absent = nothing. */
  readonly unenforced?: readonly RestraintName[];
}

export interface OutOfStockSettings {
  /** Milliseconds without stock, after which the Pod says so. */
  readonly deadlineMs: number;
  /** Whether it then goes on waiting, or ends. */
  readonly onDeadline: 'wait' | 'fail';
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface BootstrapSettings {
  /** The kubeconfig to ask with. */
  readonly kubeconfig: string;
  /** The kubeconfig to write. */
  readonly target: string;
  readonly rotate: boolean;
}

export interface TlsSettings {
  /** PEM files; absent = a self-signed certificate. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Ask the cluster's signer kubernetes.io/kubelet-serving for a certificate; absent = no. */
  readonly serverTLSBootstrap?: boolean;
  /** Whether a self-signed certificate will do until then; absent = yes. */
  readonly selfSigned?: boolean;
  /** PEM file of the CA whose client certificates are believed; absent = where the API server publishes it. */
  readonly clientCaFile?: string;
}

/** The DNS of the cluster, as it is told to Pods. */
export interface DnsSettings {
  /** Addresses; absent = found out. */
  readonly nameservers?: readonly string[];
  /** Absent = `cluster.local`. */
  readonly domain?: string;
}

export interface Settings {
  /** Where they are from, for messages; absent = the command line. */
  readonly file?: string;
  /** Path; absent = $KUBECONFIG, ~/.kube/config, or the service account inside a cluster. */
  readonly kubeconfig?: string;
  /** How the node comes to an identity of its own; absent = it has one. */
  readonly bootstrap?: BootstrapSettings;
  readonly context?: string;
  readonly stateDir: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly tls: TlsSettings;
  readonly dns: DnsSettings;
  /** Binds Pods that name `schedulerName: burstlet`. */
  readonly scheduler: boolean;
  readonly nodes: readonly NodeSettings[];
}

/** Something in the configuration is wrong: which file, which line, which key, and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
