import type { ContainerSpec } from '../../contract/instance-spec.ts';
import type { CreateContainer, EngineMount, HostConfig } from '../engine/shapes.ts';
import type { PresentImage } from '../image/images.ts';
import { sandboxImage } from '../image/sandbox-image.ts';
import { containerLabels, sandboxLabels, sandboxName } from './labels.ts';
import type { PodRecord } from './pod-record.ts';
import { oomScore, sandboxOomScore } from './quality-of-service.ts';
import { resourceConfig } from './resources.ts';
import { securityConfig } from './security.ts';

/** As other containers for pausing do: no user of any image. */
const sandboxUser = '65535:65535';

export interface EngineSettings {
  /** Network of the sandboxes. */
  readonly network: string;
  /** Processes a container may have; 0 = no limit, which has to be said to an engine with a limit of its own. */
  readonly pidsLimit: number;
  readonly logMaxBytes: number;
  readonly logMaxFiles: number;
}

/** What may differ from machine to machine. */
export interface MachineFacts {
  readonly memoryBytes: number;
  /** Engines that run with few rights cannot go below it. */
  readonly leastOomScore: number;
  /** Of a container in the network of another. Docker gives it the other's name and refuses to be told one. */
  readonly hostnameIsOwn: boolean;
}

/**
 * The container that holds what the containers of a Pod share. It may do nothing and needs nothing. Its calls are not
 * filtered, as those of a kubelet's are not: compiling a filter for a program of ours that waits is a tenth of a start.
 * Among the processes of the Pod it is, for there another could act through it.
 */
export function sandboxConfig(
  record: PodRecord,
  settings: EngineSettings,
  machine: MachineFacts,
  mounts: readonly EngineMount[],
): CreateContainer {
  const { dns, hostAliases } = record;
  const { sysctls = [] } = record.securityContext;
  return {
    Image: sandboxImage,
    Hostname: record.hostname,
    User: sandboxUser,
    Labels: sandboxLabels(record.owner, record.id),
    HostConfig: {
      NetworkMode: settings.network,
      IpcMode: 'shareable',
      ...(sysctls.length > 0 && {
        Sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])),
      }),
      ...(dns.nameservers.length > 0 && { Dns: dns.nameservers }),
      ...(dns.searches.length > 0 && { DnsSearch: dns.searches }),
      ...(dns.options.length > 0 && {
        DnsOptions: dns.options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`)),
      }),
      ...(hostAliases.length > 0 && {
        ExtraHosts: hostAliases.flatMap(({ ip, hostnames }) => hostnames.map((name) => `${name}:${ip}`)),
      }),
      Mounts: mounts,
      // No few CPU shares, though it does nothing: connections to ports of the Pod pass through it.
      LogConfig: { Type: 'none', Config: {} },
      OomScoreAdj: Math.max(machine.leastOomScore, sandboxOomScore),
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', ...(record.shareProcessNamespace ? [] : ['seccomp=unconfined'])],
      ReadonlyRootfs: true,
    },
  };
}

/**
 * One run of a container. Network, host name and IPC are those of the sandbox, and the processes that it sees those of
 * the container with the id `target`, if any.
 */
export function containerConfig(
  record: PodRecord,
  spec: ContainerSpec,
  run: number,
  image: PresentImage,
  settings: EngineSettings,
  machine: MachineFacts,
  mounts: readonly EngineMount[],
  target?: string,
): CreateContainer {
  const sandbox = `container:${sandboxName(record.id)}`;
  const { User, ...security } = securityConfig(spec, record.securityContext, image.user);
  const score = oomScore(record.qosClass, spec.requests.memoryBytes, machine.memoryBytes);
  return {
    Image: image.name,
    ...(machine.hostnameIsOwn && { Hostname: record.hostname }),
    Labels: containerLabels(record.owner, record.id, spec, run, image.id),
    ...(User === undefined ? {} : { User }),
    Env: spec.env.map(({ name, value }) => `${name}=${value}`),
    // A command replaces both the entry point and the arguments of the image, arguments alone only those.
    ...(spec.command === undefined ? {} : { Entrypoint: spec.command }),
    ...(spec.args === undefined ? {} : { Cmd: spec.args }),
    ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
    OpenStdin: spec.stdin,
    StdinOnce: spec.stdinOnce,
    Tty: spec.tty,
    // Kubernetes knows no health checks of images. Podman takes this too for one that is to be run.
    ...(image.hasHealthcheck && { Healthcheck: { Test: ['NONE'] } }),
    HostConfig: {
      NetworkMode: sandbox,
      IpcMode: sandbox,
      ...(record.shareProcessNamespace && { PidMode: sandbox }),
      ...(target !== undefined && { PidMode: `container:${target}` }),
      Mounts: mounts,
      LogConfig: logConfig(settings),
      ...resourceConfig(spec),
      PidsLimit: settings.pidsLimit,
      OomScoreAdj: Math.max(machine.leastOomScore, score),
      ...security,
    },
  };
}

/** Named explicitly: the engine's default may be a driver whose logs cannot be read back. */
function logConfig({ logMaxBytes, logMaxFiles }: EngineSettings): HostConfig['LogConfig'] {
  return {
    Type: 'json-file',
    Config: { 'max-size': String(logMaxBytes), 'max-file': String(logMaxFiles) },
  };
}
