import type { MockProgram } from '../../../../providers/mock/script.ts';
import type { Goods } from '../market/prices.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';
export type SpotStrategy = 'NoSpot' | 'SpotAsPriceGo' | 'SpotWithPriceLimit';

/** What CreateContainerGroup asked for, checked and with the vendor's defaults. */
export interface GroupSpec {
  readonly name: string;
  readonly containers: readonly ContainerRequest[];
  readonly initContainers: readonly ContainerRequest[];
  readonly volumes: readonly VolumeRequest[];
  readonly tags: ReadonlyMap<string, string>;
  readonly restartPolicy: RestartPolicy;
  readonly graceMs: number;
  readonly activeDeadlineMs?: number;
  /** From Pending on, until all images are there. */
  readonly maxPendingMs: number;
  /** What was asked for, before it is rounded up. */
  readonly wanted: Goods;
  /** In order of preference. */
  readonly vSwitches: readonly string[];
  readonly securityGroup: string;
  readonly spot: SpotRequest;
  readonly ramRoleName?: string;
  readonly ephemeralStorage?: number;
}

export interface SpotRequest {
  readonly strategy: SpotStrategy;
  /** CNY per hour; only with SpotWithPriceLimit. */
  readonly priceLimit?: number;
  readonly protectedMs: number;
}

export interface ContainerRequest {
  readonly name: string;
  readonly image: string;
  readonly pullPolicy: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly EnvRequest[];
  /** Describe calls do not show the environment. */
  readonly hideEnv: boolean;
  readonly cpu?: number;
  readonly memory?: number;
  readonly gpu?: number;
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
  readonly mounts: readonly MountRequest[];
  readonly tty: boolean;
  readonly stdin: boolean;
  /** `ECI_CONTAINER_TYPE=sidecar`: ended once the others are done. */
  readonly sidecar: boolean;
  readonly environment: (podIp: string) => ReadonlyMap<string, string>;
  readonly program: (podIp: string) => MockProgram;
}

export interface EnvRequest {
  readonly key: string;
  readonly value?: string;
  readonly fieldPath?: string;
}

export interface MountRequest {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly subPath?: string;
}

export interface VolumeRequest {
  readonly name: string;
  readonly type: string;
  readonly files: readonly { readonly path: string; readonly content: string; readonly mode?: number }[];
  readonly medium?: string;
  readonly sizeLimit?: string;
}
