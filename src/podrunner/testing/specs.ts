import type { ContainerSpec, InstanceSpec, Probe, ProbeAction } from '../../../providers/contract/index.ts';

export const scope = { clusterUid: 'cluster-1', node: 'node-1' };

export function container(name: string, extra: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name,
    image: `example/${name}`,
    imagePullPolicy: 'IfNotPresent',
    env: [],
    ports: [],
    requests: {},
    limits: {},
    mounts: [],
    securityContext: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...extra,
  };
}

export function sidecar(name: string, extra: Partial<ContainerSpec> = {}): ContainerSpec {
  return container(name, { restartPolicy: 'Always', ...extra });
}

export function podSpec(extra: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    owner: { ...scope, namespace: 'ns', name: 'p', podUid: 'uid-1', attempt: 0 },
    hostname: 'p',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    initContainers: [],
    containers: [container('app')],
    volumes: [],
    dns: { nameservers: [], searches: [], options: [] },
    hostAliases: [],
    registryCredentials: [],
    securityContext: {},
    labels: {},
    annotations: {},
    ...extra,
  };
}

export function probe(command: string, extra: Partial<Probe> = {}): Probe {
  return probeOf({ kind: 'exec', command: [command] }, extra);
}

export function probeOf(action: ProbeAction, extra: Partial<Probe> = {}): Probe {
  return {
    action,
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...extra,
  };
}
