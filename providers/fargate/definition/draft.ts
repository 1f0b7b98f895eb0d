import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import type { EnvVar, RegistryCredential } from '../../contract/index.ts';
import type { ContainerKind, ProbeUse } from './shape.ts';

/** A container before it is decided what of it goes into the definition, and what into the overrides of one run. */
export interface Draft {
  readonly kind: ContainerKind;
  readonly health: readonly ProbeUse[];
  /** What never differs between the Pods of one workload. */
  readonly definition: ContainerDefinition;
  /** Arguments after the entry point; undefined = the image's own. */
  readonly command: readonly string[] | undefined;
  /** A value of a Secret stands in `command`. */
  readonly commandIsSecret: boolean;
  readonly environment: readonly EnvVar[];
  /** Variables that no other run has: they must not come into a definition, which many Pods share. */
  readonly ofRun: readonly Pick<EnvVar, 'name' | 'value'>[];
  /** With which the image is pulled; undefined = with what the execution role may pull. */
  readonly credential: RegistryCredential | undefined;
}
