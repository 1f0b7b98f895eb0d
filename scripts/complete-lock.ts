/**
 * Names in package-lock.json the packages of other platforms that `npm install` left out. A registry mirror may lack
 * them; then npm drops them from the lock, and `npm ci` fails on a machine that needs them. `npm run lock`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** One entry of `packages`, as far as it matters here. */
export interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly cpu?: readonly string[];
  readonly dev?: boolean;
  readonly libc?: readonly string[];
  readonly optional?: boolean;
  readonly os?: readonly string[];
}

/** By place, such as `node_modules/vite/node_modules/rolldown`. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

const oses = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(' ');
const cpus = 'arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64'.split(' ');
const libcs: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
};

/** The packages with those that were missing, in the order in which npm writes them. */
export function completed(packages: LockedPackages): LockedPackages {
  const all: Record<string, LockedPackage> = { ...packages };
  for (const [place, parent] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      // A range does not say which version it would have been.
      if (platform === undefined || !/^\d/.test(version)) continue;
      const found = placesOf(name, place).find((one) => one in all);
      if (found !== undefined && all[found]?.version === version) continue;
      const { cpu, libc, os } = platform;
      all[found === undefined ? below('', name) : below(place, name)] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(parent.dev ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        ...(os === undefined ? {} : { os: [os] }),
      };
    }
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')));
}

/** What the name says, as in `@rolldown/binding-linux-x64-musl`; undefined when it says nothing. */
function platformOf(name: string): { os?: string; cpu?: string; libc?: string } | undefined {
  const parts = name.split(/[/-]/);
  const os = parts.find((part) => oses.includes(part));
  const cpu = parts.find((part) => cpus.includes(part));
  if (os === undefined && cpu === undefined) return undefined;
  const libc = parts.map((part) => libcs[part]).find((one) => one !== undefined);
  return { ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) };
}

/** Where a package at this place looks for another, the nearest first. */
function placesOf(name: string, place: string): string[] {
  const outer = place.lastIndexOf('/node_modules/');
  if (place === '') return [below('', name)];
  return [below(place, name), ...placesOf(name, outer < 0 ? '' : place.slice(0, outer))];
}

function below(place: string, name: string): string {
  return place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`;
}

function main(): void {
  const file = 'package-lock.json';
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(file, 'utf8'));
  const packages = completed(lock.packages);
  const added = Object.keys(packages).filter((place) => !(place in lock.packages));
  for (const place of added) console.log(`added ${place} ${packages[place]?.version}`);
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  console.log(`${file}: ${added.length} packages added`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
