import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../config/settings.ts';
import type { ProviderChoice } from './load-provider.ts';

/** A cluster, and the provider that had its instances. */
export interface DevClusterNote {
  readonly clusterUid: string;
  readonly choice: ProviderChoice;
}

/** The folder of one development cluster, held by one process at a time. */
export interface DevFolder {
  readonly path: string;
  /** The cluster that an earlier process left here without cleaning up. */
  readonly leftBehind: DevClusterNote | undefined;
  /** Notes the cluster that begins now. */
  note(cluster: DevClusterNote): Promise<void>;
  remove(): Promise<void>;
}

/** Written first: what has it is a folder of ours. */
const lockName = 'pid';

/** Takes the folder. Throws ConfigError while another process holds it, or when it has anything of somebody else in it. */
export async function takeDevFolder(folder: string): Promise<DevFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseForeign(folder);
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes(lockName)) {
    throw new ConfigError(
      `--state-dir ${folder}: it is not empty, and all of it would be removed at the end; name a new folder or an empty one`,
    );
  }
  const lock = path.join(folder, lockName);
  const holder = Number(await read(lock));
  if (holder > 0 && holder !== process.pid && isAlive(holder)) {
    throw new ConfigError(
      `another burstlet (process ${holder}) uses ${folder}; stop it, or give this one a --state-dir of its own`,
    );
  }
  await writeFile(lock, String(process.pid), { mode: 0o600 });
  const note = path.join(folder, 'cluster.json');
  const before = await read(note);
  return {
    path: folder,
    leftBehind: before === undefined ? undefined : (JSON.parse(before) as DevClusterNote),
    note: (cluster) => writeFile(note, JSON.stringify(cluster), { mode: 0o600 }),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** In a shared temporary folder anybody may have made it first: what lies in it is run with our rights. */
async function refuseForeign(folder: string): Promise<void> {
  const { uid, mode } = await lstat(folder).then((found) =>
    found.isDirectory() ? found : { uid: -1, mode: 0 },
  );
  const me = process.getuid?.() ?? uid;
  if (uid === me && (mode & 0o022) === 0) return;
  throw new ConfigError(
    `--state-dir ${folder}: it must be a folder of your own that nobody else can write to (chmod 700), or a new one`,
  );
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
