import type {
  Capabilities,
  ContainerSecurity,
  ContainerSpec,
  InstanceSpec,
  PodFeature,
} from '../../../providers/contract/index.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The spec without the restraints that the provider refuses. A Pod that was admitted with one runs without it by
 * consent, and no provider is asked for what it has said it cannot do.
 */
export function enforcedSpec(spec: InstanceSpec, capabilities: Capabilities): InstanceSpec {
  const enforced = (container: ContainerSpec): ContainerSpec => enforcedContainer(container, capabilities);
  const { initContainers, containers } = spec;
  return { ...spec, initContainers: initContainers.map(enforced), containers: containers.map(enforced) };
}

/** As {@link enforcedSpec}. In its security context is already what the Pod says where the container says nothing. */
export function enforcedContainer(container: ContainerSpec, { features }: Capabilities): ContainerSpec {
  const refuses = (feature: PodFeature): boolean => features[feature].support === 'refused';
  const own: Writable<ContainerSecurity> = { ...container.securityContext };
  if (refuses('container.securityContext.allowPrivilegeEscalation=false'))
    delete own.allowPrivilegeEscalation;
  if (refuses('container.securityContext.appArmorProfile')) delete own.appArmorProfile;
  if (refuses('container.securityContext.readOnlyRootFilesystem')) delete own.readOnlyRootFilesystem;
  if (refuses('container.securityContext.seLinuxOptions')) delete own.seLinuxOptions;
  if (refuses('container.securityContext.seccompProfile')) delete own.seccompProfile;
  if (own.capabilities !== undefined && refuses('container.securityContext.capabilities.drop'))
    own.capabilities = { ...own.capabilities, drop: [] };
  const knowsUser =
    own.runAsUser !== undefined || !refuses('container.securityContext.runAsNonRoot.imageUser');
  // Said, for what a container does not say a provider may look up in the Pod.
  if (own.runAsNonRoot && (!knowsUser || refuses('container.securityContext.runAsNonRoot')))
    own.runAsNonRoot = false;
  return { ...container, securityContext: own };
}
