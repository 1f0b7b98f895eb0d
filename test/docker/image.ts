import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../../providers/docker/engine/engine.ts';
import { hasStatus } from '../../providers/docker/engine/errors.ts';

const run = promisify(execFile);
const maxArchiveBytes = 64 * 2 ** 20;

export const busyboxImage = 'burstlet.dev/test-busybox:1';

/** An image with a shell and the usual commands, from the static busybox of this machine. No registry is asked. */
export async function ensureBusybox(engine: Engine): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  try {
    await engine.image(busyboxImage, signal);
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    const archive = await busyboxRoot();
    const changes = 'CMD ["/bin/sh"]';
    for await (const line of engine.importImage(archive, 'burstlet.dev/test-busybox', '1', changes, signal))
      if (line.error !== undefined) throw new Error(line.error);
  }
}

/** A root filesystem as a tar archive. */
export async function busyboxRoot(): Promise<Buffer> {
  const root = await mkdtemp(path.join(tmpdir(), 'burstlet-busybox-'));
  try {
    await unpackedBusybox(root);
    const packed = await run('tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], {
      encoding: 'buffer',
      maxBuffer: maxArchiveBytes,
    });
    return packed.stdout;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A shell and the usual commands below a folder that is there. */
export async function unpackedBusybox(root: string): Promise<void> {
  for (const folder of ['bin', 'etc']) await mkdir(path.join(root, folder));
  await mkdir(path.join(root, 'tmp'), { mode: 0o777 });
  await copyFile('/bin/busybox', path.join(root, 'bin/busybox'));
  const { stdout } = await run('/bin/busybox', ['--list']);
  for (const applet of stdout.trim().split('\n'))
    if (applet !== 'busybox') await symlink('busybox', path.join(root, 'bin', applet));
  await writeFile(
    path.join(root, 'etc/passwd'),
    'root:x:0:0:root:/:/bin/sh\nguest:x:405:100:guest:/:/bin/sh\n',
  );
  await writeFile(path.join(root, 'etc/group'), 'root:x:0:\nusers:x:100:\n');
}
