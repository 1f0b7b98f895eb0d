import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../config/settings.ts';

/** Nearest first: in a package the bundle lies in dist/ or dist/chunks/, in a clone this file three folders deep. */
const places = ['../', '../../', '../../../'];

/** The folder manifests/examples of this clone or package. */
export function examplesFolder(): string {
  const folders = places.map((place) =>
    fileURLToPath(new URL(`${place}manifests/examples`, import.meta.url)),
  );
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined)
    throw new ConfigError(
      'this installation has no manifests/examples: the demo needs a clone or the npm package',
    );
  return found;
}
