import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../providers/docker/engine/engine.ts';
import { hasStatus } from '../../providers/docker/engine/errors.ts';
import { unpackedBusybox } from './image.ts';

const run = promisify(execFile);
const importTimeoutMs = 120_000;
const maxArchiveBytes = 512 * 2 ** 20;

export interface NodeImage {
  readonly repository: string;
  readonly tag: string;
  /** Lines of a Dockerfile. */
  readonly changes?: string;
  /** Where Node.js is; default /bin/node. */
  readonly node?: string;
  /** Folders or files of this machine, by the place that they get in the image. */
  readonly files?: Readonly<Record<string, string>>;
}

/** An image with the Node.js that runs this, a shell and what else is named. No registry is asked. */
export async function ensureNodeImage(engine: Engine, image: NodeImage): Promise<void> {
  const signal = AbortSignal.timeout(importTimeoutMs);
  const { repository, tag, changes = 'CMD ["node"]' } = image;
  try {
    await engine.image(`${repository}:${tag}`, signal);
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    const archive = await archiveOf(image);
    for await (const line of engine.importImage(archive, repository, tag, changes, signal))
      if (line.error !== undefined) throw new Error(line.error);
  }
}

async function archiveOf({ node = '/bin/node', files = {} }: NodeImage): Promise<Buffer> {
  const root = await mkdtemp(path.join(tmpdir(), 'burstlet-node-'));
  try {
    await unpackedBusybox(root);
    await chmod(root, 0o755);
    await place(process.execPath, node, root);
    for (const library of await librariesOf(process.execPath)) await place(library, library, root);
    for (const [to, from] of Object.entries(files)) await place(from, to, root);
    const packed = await run('tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], {
      encoding: 'buffer',
      maxBuffer: maxArchiveBytes,
    });
    return packed.stdout;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function place(from: string, to: string, root: string): Promise<void> {
  const target = path.join(root, to);
  await mkdir(path.dirname(target), { recursive: true });
  await cp(from, target, { recursive: true, dereference: true });
}

/** The shared libraries of a program, and its loader, as paths of this machine. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=>\s+)?(\/\S+)\s+\(0x/g)].map(([, file = '']) => file);
}
