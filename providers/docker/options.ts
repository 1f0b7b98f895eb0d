import { object, type Read, readOptions, text, whole } from '../contract/index.ts';

/** They would join the sandboxes to something that is not theirs. */
const forbiddenNetworks = /^(host|none|container:.*|ns:.*)$/;

/** `provider.options` (docs/reference/docker-provider.md). Defaults as the kubelet's maxPods and containerLogMax*. */
const dockerOptions = object({
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`, ...; absent = DOCKER_HOST, then the usual socket. */
  host: text().optional(),
  /** Sandboxes at the same time. */
  instances: whole(1).or(110),
  /** Network of the engine in which the sandboxes are. */
  network: text()
    .unless(
      (name) =>
        forbiddenNetworks.test(name) &&
        `${name} gives a Pod no address of its own; name a bridge network of the engine`,
    )
    .or('bridge'),
  /** Processes a container may have; 0 = no limit. */
  pidsLimit: whole(0).or(0),
  /** A log file is closed before it grows beyond this. */
  logMaxBytes: whole(1024).or(10 * 1024 * 1024),
  /** Log files kept per run. The kubelet too wants two: with one, rotation would lose what was written last. */
  logMaxFiles: whole(2).or(5),
  /** How many of nvidia.com/gpu the engine has to give. */
  gpus: whole(0).or(0),
  /** Absent = images are never removed. */
  imageGarbageCollection: object(
    { highThresholdPercent: whole(1, 100), lowThresholdPercent: whole(1, 100) },
    ({ highThresholdPercent: high = Number.POSITIVE_INFINITY, lowThresholdPercent: low = 0 }) => ({
      lowThresholdPercent: low >= high && `expected less than highThresholdPercent, found ${low}`,
    }),
  ).optional(),
});

export type DockerOptions = Read<typeof dockerOptions>;

/** Throws InvalidSpec that names every fault, and what to do about each. */
export function readDockerOptions(options: unknown): DockerOptions {
  return readOptions(dockerOptions, options);
}
