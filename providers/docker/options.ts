import { ProviderError } from '../contract/errors.ts';
import type { Thresholds } from './image/garbage-collection.ts';

export interface DockerOptions {
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`, ...; default DOCKER_HOST, then the usual socket. */
  readonly host?: string;
  /** Sandboxes at the same time. */
  readonly instances: number;
  /** Network of the engine in which the sandboxes are. */
  readonly network: string;
  /** Processes a container may have; 0 = no limit. */
  readonly pidsLimit: number;
  /** A log file is closed before it grows beyond this. */
  readonly logMaxBytes: number;
  /** Log files kept per run. */
  readonly logMaxFiles: number;
  /** How many of nvidia.com/gpu the engine has to give. */
  readonly gpus: number;
  /** Absent = images are never removed. */
  readonly imageGarbageCollection?: Thresholds;
}

/** The kubelet's defaults: maxPods, containerLogMaxSize, containerLogMaxFiles. */
const defaults: DockerOptions = {
  instances: 110,
  network: 'bridge',
  pidsLimit: 0,
  logMaxBytes: 10 * 1024 * 1024,
  logMaxFiles: 5,
  gpus: 0,
};

/** Least value of each number. The kubelet too wants two log files: with one, rotation would lose what was written last. */
const least = { instances: 1, pidsLimit: 0, logMaxBytes: 1024, logMaxFiles: 2, gpus: 0 } as const;
const texts = ['host', 'network'] as const;
const collection = 'imageGarbageCollection';
/** They would join the sandboxes to something that is not theirs. */
const forbiddenNetworks = /^(host|none|container:.*|ns:.*)$/;

/** Reads `provider.options` of the docker provider. Throws InvalidSpec that names the key, what is allowed, and what to do. */
export function readDockerOptions(options: Readonly<Record<string, unknown>>): DockerOptions {
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (isNumber(key)) {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least[key])
        throw wrong(
          key,
          `expected a whole number of ${least[key]} or more, found ${shown(value)}; leave it out for ${defaults[key]}`,
        );
    } else if (isText(key)) {
      if (typeof value !== 'string' || value === '')
        throw wrong(key, `expected text, found ${shown(value)}; leave it out for the default`);
    } else if (key === collection) {
      checkThresholds(value);
    } else {
      const known = [...texts, ...Object.keys(least), collection].join(', ');
      throw wrong(key, `there is no such option; correct it to one of ${known}, or remove it`);
    }
    read[key] = value;
  }
  const complete: DockerOptions = { ...defaults, ...read };
  if (forbiddenNetworks.test(complete.network))
    throw wrong(
      'network',
      `${complete.network} gives a Pod no address of its own; name a bridge network of the engine`,
    );
  return complete;
}

/** Two whole percentages, the low one below the high one, and nothing else. */
function checkThresholds(value: unknown): void {
  const { highThresholdPercent: high, lowThresholdPercent: low, ...rest } = Object(value) as Thresholds;
  const isPercent = (number: unknown): boolean => Number.isInteger(number) && Number(number) >= 1;
  if (!isPercent(high) || !isPercent(low) || high > 100 || low >= high || Object.keys(rest).length > 0)
    throw wrong(
      collection,
      `expected {"highThresholdPercent": 85, "lowThresholdPercent": 80} or other whole numbers from 1 to 100, the low one smaller, found ${shown(value)}; leave it out to keep all images`,
    );
}

function isNumber(key: string): key is keyof typeof least {
  return Object.hasOwn(least, key);
}

function isText(key: string): key is (typeof texts)[number] {
  return texts.some((known) => known === key);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}

function wrong(key: string, what: string): ProviderError {
  const field = `provider.options.${key}`;
  return new ProviderError('InvalidSpec', `${field}: ${what}`, { field });
}
