import { readFileSync } from 'node:fs';

/** For people: `burstlet 0.1.0 (Node.js v24.1.0)`. */
export function versionLine(): string {
  return `burstlet ${packageVersion()} (Node.js ${process.version})`;
}

/** The version in package.json, which lies above the source and the chunks of each bundle, and beside a bundle in an image. */
export function packageVersion(): string {
  for (const place of ['../../package.json', '../package.json', '../../../package.json']) {
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
