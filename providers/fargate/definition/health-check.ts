import type { HealthCheck } from '@aws-sdk/client-ecs';
import type { ContainerSpec } from '../../contract/index.ts';
import type { ProbeUse } from './shape.ts';

/** The probes of a container that its health check stands for. */
export function probeUses({ livenessProbe, readinessProbe }: ContainerSpec): ProbeUse[] {
  return [
    ...(livenessProbe === undefined ? [] : (['liveness'] as const)),
    ...(readinessProbe === undefined ? [] : (['readiness'] as const)),
  ];
}

/** ECS has one check per container, which is a command. Periods are brought into its bounds (API_HealthCheck). */
export function healthCheckOf({ livenessProbe, readinessProbe }: ContainerSpec): HealthCheck | undefined {
  const probe = livenessProbe ?? readinessProbe;
  if (probe?.action.kind !== 'exec') return undefined;
  return {
    command: ['CMD', ...probe.action.command],
    interval: between(5, probe.periodSeconds, 300),
    timeout: between(2, probe.timeoutSeconds, 60),
    retries: between(1, probe.failureThreshold, 10),
    startPeriod: between(0, probe.initialDelaySeconds, 300),
  };
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
