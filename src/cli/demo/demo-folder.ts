import { mkdtemp, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../config/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { takeDevFolder } from '../wiring/dev-folder.ts';
import { reapInstances } from '../wiring/reap.ts';
import { nodeStateDir } from '../wiring/virtual-node.ts';

const prefix = 'burstlet-demo-';

export interface DemoFolderDeps {
  /** Where the folders of all demos lie: the temporary folder. */
  readonly parent: string;
  readonly nodeName: string;
  readonly log: Log;
}

/** A folder that no other demo has, so that several can run at a time. */
export function createDemoFolder({ parent }: DemoFolderDeps): Promise<string> {
  return mkdtemp(path.join(parent, prefix));
}

/**
 * Removes what demos left behind that were killed: their instances and their folders. Returns how many demos. What is
 * left when the signal fires is for the next one.
 */
export async function clearUpAfterCrashes(deps: DemoFolderDeps, signal: AbortSignal): Promise<number> {
  const { parent, log } = deps;
  let cleared = 0;
  for (const name of (await readdir(parent)).filter((entry) => entry.startsWith(prefix))) {
    if (signal.aborted) break;
    const folder = path.join(parent, name);
    try {
      if ((await isMine(folder)) && (await clearUp(folder, deps, signal))) cleared++;
    } catch (error) {
      log.warn({ folder, error: String(error) }, 'what an earlier demo left behind could not be removed');
    }
  }
  return cleared;
}

/** Of this user, and begun: the file with the process is the first that is written. */
async function isMine(folder: string): Promise<boolean> {
  const [own, begun] = await Promise.all([
    stat(folder),
    stat(path.join(folder, 'pid')).catch(() => undefined),
  ]);
  return begun !== undefined && own.uid === (process.getuid?.() ?? own.uid);
}

/** False while its demo lives. */
async function clearUp(
  folder: string,
  { nodeName, log }: DemoFolderDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const taken = await takeDevFolder(folder).catch((error: unknown) => {
    if (error instanceof ConfigError) return undefined;
    throw error;
  });
  if (taken === undefined) return false;
  if (taken.leftBehind !== undefined) {
    const { clusterUid, choice } = taken.leftBehind;
    const scope = { clusterUid, node: nodeName };
    await reapInstances(choice, nodeStateDir(folder, nodeName), scope, log, signal);
  }
  await taken.remove();
  return true;
}
