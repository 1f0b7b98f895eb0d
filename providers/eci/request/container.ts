import type { ContainerSpec, Resources } from '../../contract/index.ts';
import type { RequestContainer, RequestInitContainer } from '../api/eci-api.ts';
import { commandOf } from './command.ts';
import { environmentOf, refuseAddresses } from './environment.ts';
import { unfit } from './fault.ts';
import { hooksOf } from './hooks.ts';
import { probesOf } from './probes.ts';

/** The only ones that the API can add; NET_RAW only after a ticket with the vendor. */
const knownCapabilities: readonly string[] = ['NET_ADMIN', 'NET_RAW'];

export function containerOf(container: ContainerSpec): RequestContainer {
  const field = `spec.containers[${container.name}]`;
  const { stdin, stdinOnce, tty, securityContext } = container;
  return {
    ...common(container, field),
    ...probesOf(container, field),
    ...hooksOf(container, field),
    // Else everyone who may describe instances can read them.
    ...(container.env.some(({ secret }) => secret) && { environmentVarHide: true }),
    ...(securityContext.runAsGroup !== undefined && {
      securityContextRunAsGroup: securityContext.runAsGroup,
    }),
    ...(securityContext.runAsNonRoot === true && { securityContextRunAsNonRoot: true }),
    ...(stdin && { stdin, stdinOnce }),
    ...(tty && { tty }),
  };
}

export function initContainerOf(container: ContainerSpec): RequestInitContainer {
  const field = `spec.initContainers[${container.name}]`;
  const { runAsUser = 0, runAsGroup, runAsNonRoot } = container.securityContext;
  if (container.restartPolicy === 'Always')
    throw unfit(
      `${field}.restartPolicy`,
      'an instance has no sidecars among its init containers',
      'make it a regular container with the variable ECI_CONTAINER_TYPE=sidecar',
    );
  if (runAsGroup !== undefined)
    throw unfit(
      `${field}.securityContext.runAsGroup`,
      'init containers of an instance have no such setting',
      'set it on the regular containers only',
    );
  // A user that is named needs nobody to verify it.
  if (runAsNonRoot === true && runAsUser === 0)
    throw unfit(
      `${field}.securityContext.runAsNonRoot`,
      'it is not verified for init containers of an instance',
      'set runAsUser to a number other than 0',
    );
  return common(container, field);
}

function common(container: ContainerSpec, field: string): RequestInitContainer {
  const { name, image, imagePullPolicy, workingDir, ports, mounts, limits } = container;
  refuseAddresses(container, field);
  const environmentVar = environmentOf(container, field);
  return {
    name,
    image,
    imagePullPolicy,
    ...commandOf(container, field),
    ...(workingDir !== undefined && { workingDir }),
    ...(environmentVar.length > 0 && { environmentVar }),
    ...(ports.length > 0 && { port: portsOf(container, field) }),
    ...(mounts.length > 0 && { volumeMount: mountsOf(container) }),
    ...limitsOf(limits),
    ...securityOf(container, field),
    terminationMessagePath: container.terminationMessagePath,
    terminationMessagePolicy: container.terminationMessagePolicy,
  };
}

function portsOf({ ports }: ContainerSpec, field: string): NonNullable<RequestContainer['port']> {
  return ports.map(({ containerPort, protocol }) => {
    if (protocol === 'SCTP')
      throw unfit(`${field}.ports`, 'an instance has TCP and UDP ports', `remove port ${containerPort}`);
    return { port: containerPort, protocol };
  });
}

function mountsOf({ mounts }: ContainerSpec): NonNullable<RequestContainer['volumeMount']> {
  return mounts.map(({ volume, mountPath, readOnly, subPath }) => ({
    name: volume,
    mountPath,
    readOnly,
    ...(subPath !== undefined && { subPath }),
  }));
}

/** Limits only: what is requested has its effect in the size that is bought. */
function limitsOf({
  cpuMillis,
  memoryBytes,
  extended = {},
}: Resources): Pick<RequestContainer, 'cpu' | 'memory' | 'gpu'> {
  const gpu = extended['nvidia.com/gpu'];
  return {
    ...(cpuMillis !== undefined && { cpu: cpuMillis / 1000 }),
    ...(memoryBytes !== undefined && { memory: Math.ceil((memoryBytes / 2 ** 30) * 1000) / 1000 }),
    ...(gpu !== undefined && { gpu }),
  };
}

function securityOf(
  { securityContext }: ContainerSpec,
  field: string,
): Pick<RequestContainer, 'securityContext'> {
  const { runAsUser, readOnlyRootFilesystem, capabilities } = securityContext;
  const add = (capabilities?.add ?? []).map((name) => name.replace(/^CAP_/, ''));
  const strange = add.find((name) => !knownCapabilities.includes(name));
  if (strange !== undefined)
    throw unfit(
      `${field}.securityContext.capabilities.add`,
      `an instance can add ${knownCapabilities.join(' and ')} only, not ${strange}`,
      'remove it',
    );
  const context = {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(readOnlyRootFilesystem === true && { readOnlyRootFilesystem }),
    ...(add.length > 0 && { capability: { add } }),
  };
  return Object.keys(context).length > 0 ? { securityContext: context } : {};
}
