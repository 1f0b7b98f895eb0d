import type { ContainerCondition } from '@aws-sdk/client-ecs';
import type { FakeProgram } from './program.ts';

/** One container of a task, definition and overrides put together. Times in milliseconds. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly essential: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly dependsOn: readonly { readonly containerName: string; readonly condition: ContainerCondition }[];
  /** How long others wait for it. Absent = for ever. */
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs: number;
  readonly restarts?: { readonly ignoredExitCodes: readonly number[]; readonly minimumRunMs: number };
  readonly healthCheck?: {
    readonly intervalMs: number;
    readonly retries: number;
    readonly startPeriodMs: number;
  };
  readonly program: FakeProgram;
}
