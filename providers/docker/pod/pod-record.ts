import type { InstanceSpec, VolumeSpec } from '../../contract/instance-spec.ts';
import type { QosClass } from './quality-of-service.ts';
import { qosClassOf } from './quality-of-service.ts';

/** pod.json: what a container needs of its Pod when it is started, also by a daemon that did not create the sandbox. */
export interface PodRecord
  extends Pick<
    InstanceSpec,
    | 'owner'
    | 'hostname'
    | 'fqdn'
    | 'dns'
    | 'hostAliases'
    | 'registryCredentials'
    | 'securityContext'
    | 'shareProcessNamespace'
  > {
  readonly version: 1;
  readonly id: string;
  /** Identity of the engine that has the sandbox. */
  readonly engine: string;
  readonly qosClass: QosClass;
  readonly volumes: readonly VolumeRecord[];
}

/** A volume without its content. */
export type VolumeRecord =
  | Extract<VolumeSpec, { kind: 'emptyDir' }>
  | Omit<Extract<VolumeSpec, { kind: 'files' }>, 'files'>;

export function podRecord(id: string, engine: string, spec: InstanceSpec): PodRecord {
  const { owner, hostname, fqdn, dns, hostAliases, registryCredentials, securityContext } = spec;
  const { shareProcessNamespace } = spec;
  return {
    version: 1,
    id,
    engine,
    owner,
    hostname,
    ...(fqdn === undefined ? {} : { fqdn }),
    dns,
    hostAliases,
    registryCredentials,
    securityContext,
    ...(shareProcessNamespace && { shareProcessNamespace }),
    qosClass: qosClassOf([...spec.initContainers, ...spec.containers]),
    volumes: spec.volumes.map((volume) => {
      if (volume.kind === 'emptyDir') return volume;
      const { files: _, ...rest } = volume;
      return rest;
    }),
  };
}
