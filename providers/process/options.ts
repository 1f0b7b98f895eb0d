import { ProviderError } from '../contract/errors.ts';
import type { ProcessLimits } from './runtime.ts';

/** The kubelet's defaults: maxPods, containerLogMaxSize, containerLogMaxFiles. */
export const defaultLimits: ProcessLimits = {
  instances: 110,
  logMaxBytes: 10 * 1024 * 1024,
  logMaxFiles: 5,
};

/** Least value of each. The kubelet too wants two files: with one, rotation would lose what was written last. */
const least: ProcessLimits = { instances: 1, logMaxBytes: 1, logMaxFiles: 2 };

/**
 * Reads `provider.options` of the process provider: whole numbers, each of them optional (docs/reference/process-provider.md).
 * Throws InvalidSpec that names the key, what is allowed, and what to do.
 */
export function readProcessOptions(options: Readonly<Record<string, unknown>>): Partial<ProcessLimits> {
  const limits: { -readonly [Key in keyof ProcessLimits]?: number } = {};
  for (const [key, value] of Object.entries(options)) {
    if (!isLimit(key))
      throw wrong(
        key,
        `there is no such option; correct it to one of ${Object.keys(least).join(', ')}, or remove it`,
      );
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least[key])
      throw wrong(
        key,
        `expected a whole number of ${least[key]} or more, found ${shown(value)}; leave it out for ${defaultLimits[key]}`,
      );
    limits[key] = value;
  }
  return limits;
}

function isLimit(key: string): key is keyof ProcessLimits {
  return Object.hasOwn(least, key);
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 80);
}

function wrong(key: string, what: string): ProviderError {
  const field = `provider.options.${key}`;
  return new ProviderError('InvalidSpec', `${field}: ${what}`, { field });
}
