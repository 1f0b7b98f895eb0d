import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two folders above the source and one above the bundle. */
export function packageVersion(): string {
  for (const place of ['../../package.json', '../package.json', './package.json']) {
    try {
      const { name, version }: { name?: string; version?: string } = JSON.parse(
        readFileSync(new URL(place, import.meta.url), 'utf8'),
      );
      if (name === 'burstlet' && version !== undefined) return version;
    } catch {
      // Not there: the next place.
    }
  }
  return '0.0.0';
}
