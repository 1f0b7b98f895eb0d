import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { ConfigError } from '../../config/settings.ts';
import { type Manifest, parseManifests } from './parse-manifests.ts';

const stdinName = 'stdin';
const extensions = ['.yaml', '.yml', '.json'];

/**
 * The objects in files and folders, as `kubectl apply -f` finds them: of a folder its YAML and JSON files by name, `-`
 * is standard input. Throws ConfigError that names everything that is wrong, each with file and line.
 */
export async function readManifests(
  sources: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  for (const source of sources) {
    for (const { file, text } of await textsOf(source, stdin)) {
      const parsed = parseManifests(text, file);
      manifests.push(...parsed.manifests);
      problems.push(...parsed.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  if (manifests.length === 0) {
    const names = sources.map((source) => (source === '-' ? stdinName : source));
    throw new ConfigError(`there are no objects in ${names.join(', ')}`);
  }
  return manifests;
}

interface SourceText {
  readonly file: string;
  readonly text: string;
}

async function textsOf(source: string, stdin: NodeJS.ReadableStream): Promise<readonly SourceText[]> {
  if (source === '-') return [{ file: stdinName, text: await textOf(stdin) }];
  try {
    if (!(await stat(source)).isDirectory()) return [await fileText(source)];
    const names = (await readdir(source)).filter((name) => extensions.includes(path.extname(name))).sort();
    return await Promise.all(names.map((name) => fileText(path.join(source, name))));
  } catch (error) {
    throw new ConfigError(`${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function fileText(file: string): Promise<SourceText> {
  return { file, text: await readFile(file, 'utf8') };
}
