import type { HookAction, HttpAction, Probe, ProbeAction } from '../../providers/contract/index.ts';
import type { Container } from '../kube/types.ts';
import type { Issues } from './issues.ts';
import type { PlacedContainer } from './placed-container.ts';

type PodProbe = NonNullable<Container['livenessProbe']>;
type PodHook = NonNullable<NonNullable<Container['lifecycle']>['postStart']>;
type PodHttp = NonNullable<PodProbe['httpGet']>;

/** What a check needs to know of its container, and where it tells what is wrong. */
interface Place extends PlacedContainer {
  readonly issues: Issues;
}

/** A probe with the defaults of the API (pkg/apis/core/v1/defaults.go) and its port resolved. */
export function resolveProbe(probe: PodProbe | undefined, name: string, place: Place): Probe | undefined {
  if (probe === undefined) return undefined;
  const action = probeAction(probe, `${place.path}.${name}`, place);
  if (action === undefined) return undefined;
  const { terminationGracePeriodSeconds: grace } = probe;
  return {
    action,
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
    ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
  };
}

export function resolveHook(hook: PodHook | undefined, name: string, place: Place): HookAction | undefined {
  if (hook === undefined) return undefined;
  const field = `${place.path}.lifecycle.${name}`;
  if (hook.exec !== undefined) return { kind: 'exec', command: hook.exec.command ?? [] };
  if (hook.httpGet !== undefined) return httpAction(hook.httpGet, `${field}.httpGet`, place);
  if (hook.sleep !== undefined) return { kind: 'sleep', seconds: hook.sleep.seconds };
  place.issues.addInvalid(field, 'there is no hook of this kind; use exec, httpGet or sleep');
  return undefined;
}

function probeAction(probe: PodProbe, field: string, place: Place): ProbeAction | undefined {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec !== undefined) return { kind: 'exec', command: exec.command ?? [] };
  if (httpGet !== undefined) return httpAction(httpGet, `${field}.httpGet`, place);
  if (tcpSocket !== undefined) {
    const port = resolvePort(tcpSocket.port, `${field}.tcpSocket.port`, place);
    if (port === undefined) return undefined;
    return { kind: 'tcp', port, ...(tcpSocket.host ? { host: tcpSocket.host } : {}) };
  }
  if (grpc !== undefined) return { kind: 'grpc', port: grpc.port, service: grpc.service ?? '' };
  place.issues.addInvalid(field, 'there is no probe of this kind; use exec, httpGet, tcpSocket or grpc');
  return undefined;
}

function httpAction(action: PodHttp, field: string, place: Place): HttpAction | undefined {
  const port = resolvePort(action.port, `${field}.port`, place);
  if (port === undefined) return undefined;
  return {
    kind: 'http',
    scheme: action.scheme === 'HTTPS' ? 'HTTPS' : 'HTTP',
    ...(action.host ? { host: action.host } : {}),
    port,
    path: action.path || '/',
    headers: (action.httpHeaders ?? []).map(({ name, value }) => ({ name, value })),
  };
}

/** A number, or the name of one of the container's ports (pkg/probe/util.go, ResolveContainerPort). */
function resolvePort(port: unknown, field: string, { container, issues }: Place): number | undefined {
  const named = (container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  issues.addInvalid(field, `the container has no port named "${String(port)}"`);
  return undefined;
}
