/** Holds every import against the table of rooms: who may enter where. Run by `npm run rooms`. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A room may import from itself and from the rooms named here. Arrows point one way; there are no others. */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  'providers/contract': [],
  'providers/docker': ['providers/contract'],
  'providers/eci': ['providers/contract'],
  'providers/fargate': ['providers/contract'],
  'providers/mock': ['providers/contract'],
  'providers/process': ['providers/contract'],
  'src/telemetry': [],
  'src/kube': ['src/telemetry'],
  'src/capacity': ['providers/contract', 'src/kube', 'src/telemetry'],
  'src/podspec': ['providers/contract', 'src/kube', 'src/telemetry'],
  'src/podrunner': ['providers/contract', 'src/telemetry'],
  'src/node': ['providers/contract', 'src/kube', 'src/telemetry'],
  'src/pods': ['providers/contract', 'src/kube', 'src/podspec', 'src/capacity', 'src/telemetry'],
  'src/kubelet': ['providers/contract', 'src/kube', 'src/telemetry'],
  'src/scheduler': ['providers/contract', 'src/kube', 'src/podspec', 'src/capacity', 'src/telemetry'],
  'src/devcluster': ['src/kube', 'src/telemetry'],
  'src/controlplane': ['src/devcluster'],
  'src/config': ['providers/contract', 'src/telemetry'],
  'src/cli': ['*'],
  test: ['*'],
  scripts: ['*'],
};

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly why: string;
}

const importPattern =
  /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

function roomOf(file: string): string | undefined {
  return Object.keys(rooms).find((room) => file === room || file.startsWith(`${room}/`));
}

/** Tests and what stands in folders named testing may enter every room, and nobody may enter them. */
function isOfTests(file: string): boolean {
  return file.endsWith('.test.ts') || file.includes('/testing/');
}

/** The violations of one file. `file` is relative to the repository, with `/`. */
export function violations(file: string, source: string): Violation[] {
  const found: Violation[] = [];
  const room = roomOf(file);
  const isTest = isOfTests(file);
  for (const match of source.matchAll(importPattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    if (!specifier.startsWith('.')) continue;
    const line = source.slice(0, match.index).split('\n').length;
    const target = path.posix.join(path.posix.dirname(file), specifier);
    const targetRoom = roomOf(target);
    if (room === undefined || targetRoom === undefined) {
      found.push({
        file,
        line,
        specifier,
        why: 'a file outside every room; name the room in scripts/check-rooms.ts',
      });
      continue;
    }
    if (!isTest && isOfTests(target) && room !== 'test')
      found.push({ file, line, specifier, why: 'what only tests may use' });
    const allowed = rooms[room] ?? [];
    const free = targetRoom === room || allowed.includes('*') || allowed.includes(targetRoom);
    if (!free && !isTest) found.push({ file, line, specifier, why: `${room} may not enter ${targetRoom}` });
  }
  return found;
}

function main(): void {
  const files = globSync(['src/**/*.ts', 'providers/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts']);
  const all = files.flatMap((file) => violations(file.split(path.sep).join('/'), readFileSync(file, 'utf8')));
  for (const { file, line, specifier, why } of all)
    console.error(`${file}:${line} imports ${specifier}: ${why}`);
  console.log(`${files.length} files in ${Object.keys(rooms).length} rooms, ${all.length} forbidden imports`);
  process.exitCode = all.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
