import { plainContainer, plainSpec } from '../../../providers/contract/conformance/plain-spec.ts';
import type { ContainerSpec, InstanceSpec, Probe, ProbeAction } from '../../../providers/contract/index.ts';

export const scope = { clusterUid: 'cluster-1', node: 'node-1' };

export function container(name: string, extra: Partial<ContainerSpec> = {}): ContainerSpec {
  return plainContainer(name, `example/${name}`, extra);
}

export function sidecar(name: string, extra: Partial<ContainerSpec> = {}): ContainerSpec {
  return container(name, { restartPolicy: 'Always', ...extra });
}

export function podSpec(extra: Partial<InstanceSpec> = {}): InstanceSpec {
  return plainSpec(
    { ...scope, namespace: 'ns', name: 'p', podUid: 'uid-1', attempt: 0 },
    [container('app')],
    extra,
  );
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
