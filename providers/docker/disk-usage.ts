import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError } from '../contract/errors.ts';
import type { DiskQuestion, DiskUsage } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus } from './engine/errors.ts';
import type { Volumes } from './pod/volumes.ts';
import { inParallel } from './waiting.ts';

const measurements = 4;
const blockBytes = 1024;
/** Words about files that went away meanwhile are not read. */
const maxOutputBytes = 1024 * 1024;

export interface DiskUsageDeps {
  readonly engine: Pick<Engine, 'writtenBytes'>;
  readonly volumes: Pick<Volumes, 'folder'>;
}

/** As ContainerRuntime.diskUsage. */
export async function diskUsage(
  { engine, volumes }: DiskUsageDeps,
  sandboxId: string,
  question: DiskQuestion,
  signal: AbortSignal,
): Promise<DiskUsage> {
  const byFolder = new Map(question.volumes.map((name) => [volumes.folder(sandboxId, name), name]));
  const folders = byFolder.size === 0 ? new Map() : await folderBytes([...byFolder.keys()], signal);
  const containers = await inParallel(question.containerIds, measurements, async (id) => {
    const bytes = await containerBytes(engine, id, signal);
    return bytes === undefined ? [] : [[id, bytes] as const];
  });
  return {
    volumes: new Map(
      [...folders].flatMap(([folder, bytes]) => {
        const name = byFolder.get(folder);
        return name === undefined ? [] : [[name, bytes] as const];
      }),
    ),
    containers: new Map(containers.flat()),
  };
}

/**
 * What folders take on their disk, by their paths. By the command `du`, as the kubelet did it: it is quick, it is not in the
 * way of this process, and it is not led astray by links that somebody exchanges meanwhile. Folders that are no more are left out.
 */
function folderBytes(folders: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  return new Promise((resolve, reject) => {
    const options = { signal, maxBuffer: maxOutputBytes, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
    execFile('du', ['-s', '-k', '-x', '--', ...folders], options, (error, stdout) => {
      if (signal.aborted) return reject(signal.reason);
      // It also fails when a file goes away while it looks.
      if (error !== null && typeof error.code !== 'number')
        return reject(new ProviderError('Retryable', `du cannot be run: ${error.message}`, { cause: error }));
      const lines = [...stdout.matchAll(/^(\d+)\t(.+)$/gm)];
      return resolve(new Map(lines.map(([, blocks, folder = '']) => [folder, Number(blocks) * blockBytes])));
    });
  });
}

/** Undefined when there is no such container any more. */
async function containerBytes(
  engine: DiskUsageDeps['engine'],
  id: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const { layer, logFile } = await engine.writtenBytes(id, signal);
    return layer + (await logBytes(logFile));
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** A log with its older files. 0 where this process may not look at them, or is on another machine than the engine. */
async function logBytes(file: string): Promise<number> {
  if (file === '') return 0;
  const { dir, base } = path.parse(file);
  const names = await readdir(dir).catch(() => []);
  const sizes = names
    .filter((name) => name === base || name.startsWith(`${base}.`))
    .map((name) =>
      stat(path.join(dir, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
