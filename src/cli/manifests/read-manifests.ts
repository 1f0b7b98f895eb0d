import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileTrouble } from '../../config/file-trouble.ts';
import { ConfigError } from '../../config/settings.ts';
import { type Manifest, type ParsedManifests, parseManifests } from './parse-manifests.ts';

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
  const { manifests, problems } = await readWhatCan(sources, stdin);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return manifests;
}

/** As {@link readManifests}, but beside what is wrong it has the objects of the rest. */
export async function readWhatCan(
  sources: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<ParsedManifests> {
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  for (const source of sources) {
    try {
      for (const { file, text } of await textsOf(source, stdin)) {
        const parsed = parseManifests(text, file);
        manifests.push(...parsed.manifests);
        problems.push(...parsed.problems);
      }
    } catch (error) {
      problems.push(`-f ${source} cannot be read: ${fileTrouble(error)}`);
    }
  }
  if (manifests.length === 0 && problems.length === 0) {
    const names = sources.map((source) => (source === '-' ? stdinName : source));
    problems.push(`there are no objects in ${names.join(', ')}`);
  }
  return { manifests, problems };
}

interface SourceText {
  readonly file: string;
  readonly text: string;
}

async function textsOf(source: string, stdin: NodeJS.ReadableStream): Promise<readonly SourceText[]> {
  if (source === '-') return [{ file: stdinName, text: await textOf(stdin) }];
  if (!(await stat(source)).isDirectory()) return [await fileText(source)];
  const names = (await readdir(source)).filter((name) => extensions.includes(path.extname(name))).sort();
  return Promise.all(names.map((name) => fileText(path.join(source, name))));
}

async function fileText(file: string): Promise<SourceText> {
  return { file, text: await readFile(file, 'utf8') };
}
