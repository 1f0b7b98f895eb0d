import type { ContainerSpec, Probe } from '../../contract/index.ts';
import type { RequestContainer } from '../api/eci-api.ts';
import { unfit } from './fault.ts';

type RequestProbe = NonNullable<RequestContainer['livenessProbe']>;

/**
 * The API has no startup probe. What it protects from is a liveness probe that begins too early, so the latter begins
 * when the former would have given up.
 */
export function probesOf(
  { livenessProbe, readinessProbe, startupProbe }: ContainerSpec,
  field: string,
): Pick<RequestContainer, 'livenessProbe' | 'readinessProbe'> {
  const startupSeconds =
    startupProbe === undefined
      ? 0
      : startupProbe.initialDelaySeconds + startupProbe.periodSeconds * startupProbe.failureThreshold;
  return {
    ...(livenessProbe && { livenessProbe: probeOf(livenessProbe, startupSeconds, `${field}.livenessProbe`) }),
    ...(readinessProbe && { readinessProbe: probeOf(readinessProbe, 0, `${field}.readinessProbe`) }),
  };
}

function probeOf(probe: Probe, leastDelaySeconds: number, field: string): RequestProbe {
  const { initialDelaySeconds, timeoutSeconds, periodSeconds, successThreshold, failureThreshold } = probe;
  if (successThreshold !== 1)
    throw unfit(`${field}.successThreshold`, 'an instance counts one success only', 'set it to 1');
  if (probe.terminationGracePeriodSeconds !== undefined)
    throw unfit(
      `${field}.terminationGracePeriodSeconds`,
      'a probe of an instance has no grace period of its own',
      'remove it',
    );
  return {
    ...actionOf(probe, field),
    initialDelaySeconds: Math.max(initialDelaySeconds, leastDelaySeconds),
    timeoutSeconds,
    periodSeconds,
    successThreshold,
    failureThreshold,
  };
}

function actionOf({ action }: Probe, field: string): Pick<RequestProbe, 'exec' | 'httpGet' | 'tcpSocket'> {
  switch (action.kind) {
    case 'exec':
      return { exec: { command: action.command } };
    case 'http':
      if (action.host !== undefined) throw hostless(`${field}.httpGet.host`);
      if (action.headers.length > 0)
        throw unfit(
          `${field}.httpGet.httpHeaders`,
          'a probe of an instance sends no headers',
          'remove them, or probe with exec',
        );
      return { httpGet: { path: action.path, port: action.port, scheme: action.scheme } };
    case 'tcp':
      if (action.host !== undefined) throw hostless(`${field}.tcpSocket.host`);
      return { tcpSocket: { port: action.port } };
    case 'grpc':
      throw unfit(`${field}.grpc`, 'an instance has no gRPC probes', 'probe with exec, httpGet or tcpSocket');
  }
}

function hostless(field: string): Error {
  return unfit(field, 'a probe of an instance goes to the instance itself', 'remove the host');
}
