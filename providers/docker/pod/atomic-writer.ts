import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type { FileSpec } from '../../contract/instance-spec.ts';

const dataLink = '..data';
const newDataLink = '..data_tmp';

/**
 * Replaces the files of a volume in one step, so that a running container sees all of the old or all of the new
 * (pkg/volume/util/atomic_writer.go): the files are in a folder of their own, `..data` points to it, and every visible
 * name points to its place behind `..data`. `group`, if any, may read all of it.
 */
export async function writeFilesAtomically(
  folder: string,
  files: readonly FileSpec[],
  group: number | undefined,
): Promise<void> {
  const before = await readlink(path.join(folder, dataLink)).catch(() => undefined);
  if (before !== undefined && (await isSame(path.join(folder, before), files))) return;
  const content = await mkdtemp(path.join(folder, '..content-'));
  await chmod(content, 0o755);
  for (const file of files) await writeOne(content, file, group);
  await own(content, group, 0o755);
  await rm(path.join(folder, newDataLink), { force: true });
  await symlink(path.basename(content), path.join(folder, newDataLink));
  await rename(path.join(folder, newDataLink), path.join(folder, dataLink));
  await showNames(folder, new Set(files.map(({ path: name }) => firstPart(name))));
  for (const name of await readdir(folder))
    if (name.startsWith('..content-') && name !== path.basename(content))
      await rm(path.join(folder, name), { recursive: true, force: true });
}

async function writeOne(content: string, file: FileSpec, group: number | undefined): Promise<void> {
  const target = path.join(content, file.path);
  if (!target.startsWith(content + path.sep)) throw new RangeError(`${file.path} leads out of its volume`);
  for (let at = file.path.indexOf('/'); at !== -1; at = file.path.indexOf('/', at + 1)) {
    const folder = path.join(content, file.path.slice(0, at));
    await mkdir(folder, { recursive: true });
    await own(folder, group, 0o755);
  }
  await writeFile(target, file.content, { mode: 0o600 });
  await own(target, group, group === undefined ? file.mode : file.mode | 0o440);
}

/** Sets mode and group; what belongs to a group also hands it on to what is made inside. */
async function own(target: string, group: number | undefined, mode: number): Promise<void> {
  if (group !== undefined) await chown(target, -1, group);
  await chmod(target, mode);
}

async function showNames(folder: string, names: ReadonlySet<string>): Promise<void> {
  const shown = (await readdir(folder)).filter((name) => !name.startsWith('..'));
  for (const name of names)
    if (!shown.includes(name)) await symlink(path.join(dataLink, name), path.join(folder, name));
  for (const name of shown) if (!names.has(name)) await unlink(path.join(folder, name));
}

async function isSame(content: string, files: readonly FileSpec[]): Promise<boolean> {
  try {
    const present = (await readdir(content, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    if (present.length !== files.length) return false;
    for (const file of files) {
      const target = path.join(content, file.path);
      const [bytes, { mode }] = await Promise.all([readFile(target), stat(target)]);
      if (!bytes.equals(file.content) || (mode & file.mode) !== file.mode) return false;
    }
    return true;
  } catch {
    // Something is missing: it is written anew.
    return false;
  }
}

function firstPart(name: string): string {
  const [first = name] = name.split('/');
  return first;
}
