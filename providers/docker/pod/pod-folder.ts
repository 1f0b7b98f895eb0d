/**
 * What is kept on disk of a sandbox, for the engine to mount and for a restarted daemon to read:
 *
 *     <state folder>/sandboxes/<sandbox id>/
 *         pod.json                       the part of the spec that containers need which are started later
 *         hosts, resolv.conf             mounted into every container
 *         volumes/<name>/                emptyDir and files
 *         messages/<container>-<run>     termination message
 *         stops/<container id>           when SIGKILL is due, in milliseconds since the epoch
 *
 * Beside `sandboxes` there are `images.json` and, for port-forward, `bin/connect`. All of it is behind a folder that only
 * this user may enter.
 */
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError } from '../../contract/errors.ts';
import type { PodRecord } from './pod-record.ts';

const privateFolderMode = 0o700;
const privateFileMode = 0o600;

export class PodFolders {
  readonly #root: string;

  constructor(stateDir: string) {
    this.#root = path.resolve(stateDir, 'sandboxes');
  }

  /** Size of the disk that they are on. */
  async diskBytes(): Promise<number> {
    await mkdir(this.#root, { recursive: true, mode: privateFolderMode });
    const { blocks, bsize } = await statfs(this.#root);
    return blocks * bsize;
  }

  /** A path inside the folder of a sandbox. */
  at(sandboxId: string, ...inside: string[]): string {
    return path.join(this.#root, sandboxId, ...inside);
  }

  async create(record: PodRecord): Promise<void> {
    for (const folder of ['volumes', 'messages', 'stops'])
      await mkdir(this.at(record.id, folder), { recursive: true, mode: privateFolderMode });
    await this.write(record.id, 'pod.json', JSON.stringify(record), privateFileMode);
  }

  /** Rejects with NotFound when there is none. */
  async read(sandboxId: string): Promise<PodRecord> {
    const file = this.at(sandboxId, 'pod.json');
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      throw new ProviderError('NotFound', `there is no sandbox ${sandboxId} (${file} is missing)`, { cause });
    }
    const record = JSON.parse(text) as PodRecord;
    if (record.version === 1) return record;
    throw new ProviderError('Retryable', `${file} was written by another version of this program`);
  }

  /** Replaces a file; a crash leaves the old content or the new one. */
  async write(sandboxId: string, file: string, content: string, mode: number): Promise<void> {
    const target = this.at(sandboxId, file);
    await writeFile(`${target}.tmp`, content, { mode });
    await rename(`${target}.tmp`, target);
  }

  /** Whether somebody has begun to make it. */
  isKnown(sandboxId: string): Promise<boolean> {
    return this.has(sandboxId, 'pod.json');
  }

  async has(sandboxId: string, file: string): Promise<boolean> {
    try {
      await stat(this.at(sandboxId, file));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** What has it mounted keeps it. */
  async drop(sandboxId: string, file: string): Promise<void> {
    await rm(this.at(sandboxId, file), { force: true });
  }

  async remove(sandboxId: string): Promise<void> {
    await rm(this.at(sandboxId), { recursive: true, force: true, maxRetries: 3 });
  }

  /** Every sandbox that has a folder, with the time of its last change. */
  async all(): Promise<{ readonly sandboxId: string; readonly changedAt: number }[]> {
    const names = await readdir(this.#root).catch(() => []);
    const found = await Promise.all(
      names.map(async (sandboxId) => {
        const changed = await stat(this.at(sandboxId)).catch(() => undefined);
        return changed === undefined ? [] : [{ sandboxId, changedAt: changed.mtimeMs }];
      }),
    );
    return found.flat();
  }
}

/** ENOENT, or ENOTDIR on the way there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
