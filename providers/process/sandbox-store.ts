import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError } from '../contract/errors.ts';
import { createFile, replaceFile, syncFolder } from './durable-file.ts';
import {
  privateFolderMode,
  removingFile,
  sandboxFile,
  sessionSocketFile,
  socketFile,
  stateFile,
} from './layout.ts';
import type { SandboxRecord, StateRecord } from './records.ts';
import { emptyState, hasCode, isMissing, parseRecord } from './records.ts';

const makingPrefix = '.making-';
const doomedPrefix = '.doomed-';
/** Making a folder takes milliseconds; one this old was left by a crash. */
const makingMs = 60_000;

/** What a socket's path may have on macOS. */
const maxSocketPathBytes = 103;

/** The folders of the sandboxes of one state folder. Several runtimes, also of several processes, may share it. */
export class SandboxStore {
  readonly #root: string;
  /** Linux: lets a socket be named by a short path, however long that of the state folder is. */
  readonly #rootHandle: number;

  constructor(stateDir: string) {
    this.#root = path.join(path.resolve(stateDir), 'sandboxes');
    const longest = Buffer.byteLength(path.join(this.#root, '0'.repeat(32), socketFile(9_999)));
    if (process.platform !== 'linux' && longest > maxSocketPathBytes)
      throw new ProviderError(
        'InvalidSpec',
        `the state folder ${stateDir} has a path that is ${longest - maxSocketPathBytes} bytes too long for sockets below it; choose a shorter one`,
      );
    mkdirSync(this.#root, { recursive: true, mode: privateFolderMode });
    this.#rootHandle = openSync(this.#root, 'r');
  }

  close(): void {
    closeSync(this.#rootHandle);
  }

  folder(id: string): string {
    return path.join(this.#root, id);
  }

  socketPath(id: string, generation: number): string {
    return this.#shortPath(id, socketFile(generation));
  }

  sessionSocketPath(id: string, generation: number): string {
    return this.#shortPath(id, sessionSocketFile(generation));
  }

  hasSandbox(id: string): boolean {
    return existsSync(path.join(this.folder(id), sandboxFile));
  }

  /** Creates the folder together with its record, in one step. Does nothing when there is one already. */
  async create(record: SandboxRecord): Promise<void> {
    const making = path.join(this.#root, `${makingPrefix}${record.mark}`);
    mkdirSync(making, { mode: privateFolderMode });
    createFile(path.join(making, sandboxFile), JSON.stringify(record));
    try {
      renameSync(making, this.folder(record.id));
      syncFolder(this.#root);
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
    }
  }

  /** Undefined: there is no such sandbox. */
  async read(id: string): Promise<SandboxRecord | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    return readJson<SandboxRecord>(path.join(this.folder(id), sandboxFile));
  }

  async readState(id: string): Promise<StateRecord> {
    return (await readJson<StateRecord>(path.join(this.folder(id), stateFile))) ?? emptyState;
  }

  /** All of them, or a rejection when one cannot be read: what is missing here would be taken for lost. */
  async readAll(): Promise<SandboxRecord[]> {
    const names = await readdir(this.#root);
    const records = await Promise.all(names.map((name) => this.read(name)));
    return records.filter((record) => record !== undefined);
  }

  /** From here on no shim starts in this sandbox. */
  beginRemoval(id: string): void {
    replaceFile(path.join(this.folder(id), removingFile), '');
  }

  isBeingRemoved(id: string): boolean {
    return existsSync(path.join(this.folder(id), removingFile));
  }

  /** Takes the folder away in one step, so that half of one is never seen, and deletes it. Nothing may run in it. */
  async discard(id: string): Promise<void> {
    const doomed = path.join(this.#root, `${doomedPrefix}${id}-${process.pid}`);
    try {
      renameSync(this.folder(id), doomed);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await rm(doomed, { recursive: true, force: true });
  }

  /** Deletes what crashes have left half made or half deleted. Nothing ever ran, or runs any more, in those. */
  async sweep(now: number): Promise<void> {
    for (const name of await readdir(this.#root)) {
      const folder = path.join(this.#root, name);
      const abandoned =
        name.startsWith(doomedPrefix) ||
        (name.startsWith(makingPrefix) && now - (await changedAt(folder)) > makingMs);
      if (abandoned) await rm(folder, { recursive: true, force: true });
    }
  }

  #shortPath(id: string, file: string): string {
    const root = process.platform === 'linux' ? `/proc/self/fd/${this.#rootHandle}` : this.#root;
    return path.join(root, id, file);
  }
}

async function changedAt(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

async function readJson<T extends { readonly version: 1 }>(file: string): Promise<T | undefined> {
  try {
    return parseRecord<T>(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
