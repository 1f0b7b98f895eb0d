import { mkdir, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';

const root = '/sys/fs/cgroup';

/** The cgroup in which a kubelet puts its Pods. */
export interface PodCgroup {
  /** Below the root of each hierarchy, as the kubelet wants it. */
  readonly name: string;
  /** When nothing runs in it any more. */
  remove(): Promise<void>;
}

/** On cgroup v1 there is one in each hierarchy; the kubelet wants them to exist. */
export async function makeCgroup(): Promise<PodCgroup> {
  const name = `/burstlet-oracle-${process.pid}`;
  const entries = await readdir(root);
  const hierarchies = entries.includes('cgroup.controllers') ? ['.'] : entries;
  const folders = hierarchies.map((hierarchy) => path.join(root, hierarchy, name));
  for (const folder of folders) await mkdir(folder);
  return {
    name,
    async remove() {
      for (const folder of folders) await removeTree(folder);
    },
  };
}

/** Those below first. One that still holds a process stays. */
async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(path.join(folder, entry.name));
  await rmdir(folder).catch(() => undefined);
}
