import type { ProviderClock } from '../contract/clock.ts';
import { wallClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ProviderContext } from '../contract/provider.ts';
import { dockerCapabilities } from './capabilities.ts';
import { EngineConnection } from './engine/connection.ts';
import type { EndpointEnvironment } from './engine/endpoint.ts';
import { resolveEndpoint } from './engine/endpoint.ts';
import { Engine } from './engine/engine.ts';
import { ImageGarbageCollection } from './image/garbage-collection.ts';
import { Images } from './image/images.ts';
import { ImageLedger } from './image/ledger.ts';
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
import { Relays } from './streams/relays.ts';
import { Tidying } from './tidying.ts';
import { Containers } from './view/containers.ts';
import { WorkInProgress } from './work-in-progress.ts';

const identityTimeoutMs = 30_000;

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
  const read = readDockerOptions(options);
  const { host, instances, gpus, imageGarbageCollection: thresholds, ...settings } = read;
  const endpoint = resolveEndpoint(host, environment);
  const { remote } = endpoint;
  if (thresholds !== undefined && remote) throw diskOutOfSight(endpoint.name);
  const engine = new Engine(new EngineConnection({ endpoint, clock, random }));
  const folders = new PodFolders(stateDir);
  const machine = new Machine(engine);
  const containers = new Containers({ engine, folders });
  const volumes = new Volumes({ engine, folders });
  const notices = new Notices(log);
  const identity = () => machine.identity(AbortSignal.timeout(identityTimeoutMs));
  const ledger = new ImageLedger({ stateDir, clock, identity });
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
    starts: new Starts({ ...parts, sandboxes, images: new Images({ engine, clock, ledger }) }),
    stops,
    tidying: new Tidying({ ...parts, sandboxes, stops }),
    ...(thresholds && {
      imageGarbageCollection: new ImageGarbageCollection({
        ...parts,
        ledger,
        thresholds,
        usedPercent: (signal) => machine.diskUsedPercent(signal),
      }),
    }),
    relays: new Relays({ ...parts, stateDir }),
    work: new WorkInProgress(),
    capabilities: dockerCapabilities(remote),
    capacity: { instances, gpus },
  });
}

function diskOutOfSight(engine: string): ProviderError {
  const field = 'provider.options.imageGarbageCollection';
  return new ProviderError(
    'InvalidSpec',
    `${field}: the disk of the engine at ${engine} cannot be measured over the network; leave the option out`,
    { field },
  );
}
