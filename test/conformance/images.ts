import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { unpackedBusybox } from '../docker/image.ts';

const run = promisify(execFile);
const e2e = 'registry.k8s.io/e2e-test-images';

interface LocalImage {
  readonly names: readonly string[];
  /** As in a Dockerfile. */
  readonly changes: readonly string[];
}

const agnhost: LocalImage = {
  names: [`${e2e}/agnhost:2.63.0`, `${e2e}/agnhost:2.55`],
  changes: ['ENTRYPOINT ["/agnhost"]', 'CMD ["pause"]'],
};

/** The images of upstream tests, each as near as this machine can make it without a registry. */
const images: readonly LocalImage[] = [
  { names: [`${e2e}/busybox:1.37.0-1`, `${e2e}/busybox:1.36.1-1`], changes: ['CMD ["/bin/sh"]'] },
  agnhost,
  { names: ['registry.k8s.io/pause:3.10.2'], changes: ['ENTRYPOINT ["/agnhost", "pause"]'] },
  {
    names: [`${e2e}/nginx:1.15-4`, `${e2e}/nginx:1.27-0`],
    changes: ['CMD ["httpd", "-f", "-p", "80", "-h", "/usr/share/nginx/html"]'],
  },
  { names: [`${e2e}/nonroot:1.5`], changes: ['USER 1234', 'ENTRYPOINT ["/agnhost", "pause"]'] },
];

/** Makes them in the engine of DOCKER_HOST, from the static busybox of this machine and the agnhost that was built. */
export async function makeImages(dockerHost: string, agnhostProgram: string): Promise<void> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'burstlet-images-'));
  try {
    await fill(root, agnhostProgram);
    const archive = path.join(root, '..', `${path.basename(root)}.tar`);
    await run('tar', ['-C', root, '--owner=0', '--group=0', '-cf', archive, '.']);
    for (const { names, changes } of images)
      for (const name of names) await importImage(dockerHost, archive, name, changes);
    await rm(archive);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function fill(root: string, agnhostProgram: string): Promise<void> {
  await unpackedBusybox(root);
  for (const folder of ['home', 'root', 'usr/bin', 'usr/share/nginx/html', 'var'])
    await mkdir(path.join(root, folder), { recursive: true });
  await chmod(path.join(root, 'tmp'), 0o1777);
  await copyFile(agnhostProgram, path.join(root, 'agnhost'));
  await symlink('agnhost', path.join(root, 'agnhost-2'));
  const etc = path.join(root, 'etc');
  await writeFile(
    path.join(etc, 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n',
  );
  await writeFile(path.join(etc, 'group'), 'root:x:0:\nuser:x:1000:\nuser-defined-in-image:x:50000:user\n');
  // The web server of agnhost serves the root of its image; upstream's has a certificate there, and tests ask for that file.
  for (const page of ['index.html', 'localhost.crt', 'usr/share/nginx/html/index.html'])
    await writeFile(path.join(root, page), 'It works\n');
}

async function importImage(
  dockerHost: string,
  archive: string,
  name: string,
  changes: readonly string[],
): Promise<void> {
  const flags = changes.flatMap((change) => ['--change', change]);
  const child = spawn('docker', ['import', ...flags, archive, name], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DOCKER_HOST: dockerHost },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`docker import ${name} ended with ${code}`);
}
