import { ProviderError } from '../../contract/errors.ts';
import type { EngineVersion } from './shapes.ts';

/** Docker 19.03: the first with device requests and with everything else that is used. */
const oldest = '1.40';
/** The newest whose changes were looked at. An engine that has dropped it is spoken to in the oldest it still knows. */
const newest = '1.44';

/** The version of the API to speak with an engine. Throws ProviderError when there is none. */
export function negotiate({ ApiVersion, MinAPIVersion = oldest, Os }: EngineVersion, engine: string): string {
  if (Os !== 'linux')
    throw new ProviderError(
      'Unsupported',
      `the engine at ${engine} runs ${Os} containers; the docker provider needs one that runs Linux containers`,
    );
  if (!/^\d+\.\d+$/.test(ApiVersion) || compare(ApiVersion, oldest) < 0)
    throw new ProviderError(
      'Unsupported',
      `the engine at ${engine} speaks API version ${ApiVersion}; ${oldest} (Docker 19.03) or later is needed`,
    );
  if (compare(ApiVersion, newest) <= 0) return ApiVersion;
  return compare(MinAPIVersion, newest) > 0 ? MinAPIVersion : newest;
}

function compare(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major - otherMajor || minor - otherMinor;
}
