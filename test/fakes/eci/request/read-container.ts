import type { ContainerRequest, EnvRequest, MountRequest } from '../group/group-spec.ts';
import { programFor } from '../group/program.ts';
import { invalidParameter } from './api-error.ts';
import type { Parameters } from './parameters.ts';

/** Taken by the agent of each instance. */
const takenPorts = [111, 10_250, 10_255];

const fieldPaths = [
  'metadata.name',
  'metadata.uid',
  'metadata.regionId',
  'status.podIP',
  'status.hostIP',
  'spec.nodeName',
];

/** Reads one entry of Container.N or InitContainer.N. */
export function readContainer(parameters: Parameters, volumes: readonly string[]): ContainerRequest {
  const image = parameters.needText('Image');
  const name = parameters.needText('Name');
  const env = parameters.list('EnvironmentVar').map(readEnv);
  const workingDir = parameters.text('WorkingDir');
  const cpu = parameters.number('Cpu', 0);
  const memory = parameters.number('Memory', 0);
  const gpu = parameters.integer('Gpu', 0);
  const command = parameters.texts('Command');
  const args = parameters.texts('Arg');
  const environment = (podIp: string): ReadonlyMap<string, string> => resolved(env, podIp);
  const program = (podIp: string) =>
    programFor(environment(podIp), [...command, ...args], parameters.where('EnvironmentVar'));
  // A script that cannot be read is told now, not when the container would start.
  program('');
  return {
    name,
    image,
    pullPolicy: parameters.oneOf('ImagePullPolicy', ['Always', 'IfNotPresent', 'Never']) ?? 'Always',
    command,
    args,
    ...(workingDir === undefined ? {} : { workingDir }),
    env,
    hideEnv: parameters.flag('EnvironmentVarHide') ?? false,
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(gpu === undefined ? {} : { gpu }),
    ports: parameters.list('Port').map(readPort),
    mounts: parameters.list('VolumeMount').map((mount) => readMount(mount, volumes)),
    tty: parameters.flag('Tty') ?? false,
    stdin: parameters.flag('Stdin') ?? false,
    sidecar: env.some(({ key, value }) => key === 'ECI_CONTAINER_TYPE' && value === 'sidecar'),
    environment,
    program,
  };
}

function readEnv(parameters: Parameters): EnvRequest {
  const key = parameters.needText('Key');
  const value = parameters.tree.get('Value');
  const fieldPath = parameters.part('FieldRef')?.text('FieldPath');
  if (fieldPath !== undefined && !fieldPaths.includes(fieldPath))
    throw invalidParameter(parameters.where('FieldRef.FieldPath'), `${fieldPath} is not supported`);
  return {
    key,
    ...(typeof value === 'string' ? { value } : {}),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

function resolved(env: readonly EnvRequest[], podIp: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const { key, value = '', fieldPath } of env)
    values.set(key, fieldPath === 'status.podIP' || fieldPath === 'status.hostIP' ? podIp : value);
  return values;
}

function readPort(parameters: Parameters): { port: number; protocol: string } {
  const port = parameters.integer('Port', 1, 65_535) ?? 0;
  if (takenPorts.includes(port))
    throw invalidParameter(parameters.where('Port'), `${port} is taken by the service`);
  return { port, protocol: parameters.oneOf('Protocol', ['TCP', 'UDP']) ?? 'TCP' };
}

function readMount(parameters: Parameters, volumes: readonly string[]): MountRequest {
  const name = parameters.needText('Name');
  const mountPath = parameters.needText('MountPath');
  if (!volumes.includes(name)) throw invalidParameter(parameters.where('Name'), `there is no volume ${name}`);
  const subPath = parameters.text('SubPath');
  return {
    name,
    mountPath,
    readOnly: parameters.flag('ReadOnly') ?? false,
    ...(subPath === undefined ? {} : { subPath }),
  };
}
