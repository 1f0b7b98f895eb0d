import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import type { EnvVar } from '../../contract/index.ts';
import type { ContainerKind, ProbeUse } from './shape.ts';

/** A container before it is decided what of it goes into the definition, and what into the overrides of one run. */
export interface Draft {
  readonly kind: ContainerKind;
  readonly health: readonly ProbeUse[];
  /** What never differs between the Pods of one workload. */
  readonly definition: ContainerDefinition;
  /** Arguments after the entry point; undefined = the image's own. */
  readonly command: readonly string[] | undefined;
  readonly environment: readonly EnvVar[];
}
