import type { ContainerSpec, InstanceSpec } from '../instance-spec.ts';
import type { Ownership } from '../ownership.ts';

/** A container that asks for nothing, with the API server's defaults. */
export function plainContainer(
  name: string,
  image: string,
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  return {
    name,
    image,
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
    ...more,
  };
}

/** An instance of these containers that asks for nothing more, with the API server's defaults. */
export function plainSpec(
  owner: Ownership,
  containers: readonly ContainerSpec[],
  more: Partial<InstanceSpec> = {},
): InstanceSpec {
  return {
    owner,
    hostname: owner.name,
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    initContainers: [],
    containers,
    volumes: [],
    dns: { nameservers: [], searches: [], options: [] },
    hostAliases: [],
    registryCredentials: [],
    securityContext: {},
    labels: {},
    annotations: {},
    ...more,
  };
}
