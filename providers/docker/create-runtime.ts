import type { ProviderClock } from '../contract/clock.ts';
import { wallClock } from '../contract/clock.ts';
import type { ProviderContext } from '../contract/provider.ts';
import { dockerCapabilities } from './capabilities.ts';
import { EngineConnection } from './engine/connection.ts';
import type { EndpointEnvironment } from './engine/endpoint.ts';
import { resolveEndpoint } from './engine/endpoint.ts';
import { Engine } from './engine/engine.ts';
import { Images } from './image/images.ts';
import { SandboxImage } from './image/sandbox-image.ts';
import { Machine } from './machine.ts';
import { Notices } from './notices.ts';
import { readDockerOptions } from './options.ts';
import { PodFolders } from './pod/pod-folder.ts';
import { Volumes } from './pod/volumes.ts';
import { DockerRuntime } from './runtime.ts';
import { Sandboxes } from './sandboxes.ts';
import { Starts } from './starts.ts';
import { Stops } from './stops.ts';
import { Tidying } from './tidying.ts';
import { Containers } from './view/containers.ts';
import { WorkInProgress } from './work-in-progress.ts';

export interface DockerRuntimeTools {
  readonly clock?: ProviderClock;
  readonly random?: () => number;
  readonly environment?: EndpointEnvironment;
}

/**
 * The runtime as the configuration of a node asks for it. Connects when it is used first. Throws ProviderError that
 * names the option or the variable that is wrong.
 */
export function createDockerRuntime(
  { options, log, stateDir }: ProviderContext,
  { clock = wallClock, random = Math.random, environment = process.env }: DockerRuntimeTools = {},
): DockerRuntime {
  const { host, instances, gpus, pidsLimit, ...rest } = readDockerOptions(options);
  const settings = { ...rest, ...(pidsLimit > 0 && { pidsLimit }) };
  const endpoint = resolveEndpoint(host, environment);
  const { remote } = endpoint;
  const engine = new Engine(new EngineConnection({ endpoint, clock, random }));
  const folders = new PodFolders(stateDir);
  const machine = new Machine(engine);
  const containers = new Containers({ engine, folders });
  const volumes = new Volumes({ engine, folders });
  const notices = new Notices(log);
  const parts = {
    notices,
    engine,
    folders,
    machine,
    containers,
    volumes,
    settings,
    clock,
    random,
    log,
    remote,
  };
  const sandboxes = new Sandboxes({ ...parts, image: new SandboxImage(engine) });
  const stops = new Stops(parts);
  return new DockerRuntime({
    ...parts,
    sandboxes,
    starts: new Starts({ ...parts, sandboxes, images: new Images({ engine, clock }) }),
    stops,
    tidying: new Tidying({ ...parts, sandboxes, stops }),
    work: new WorkInProgress(),
    capabilities: dockerCapabilities(remote),
    capacity: { instances, gpus },
  });
}
