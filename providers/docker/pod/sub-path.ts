import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProviderError } from '../../contract/errors.ts';
import { isMissing } from './pod-folder.ts';

/**
 * The real place of a subPath in a volume. What is missing is made as a folder, with the mode of the one around it.
 * Links are followed as long as they stay in the volume: a container may have left one there that leads elsewhere.
 *
 * What this cannot prevent: a container that runs already may put a link there between this look and the mount, which
 * is the engine's. Only a container of the same Pod that may write to the volume could; the engine must trust it.
 */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
  if (path.isAbsolute(subPath) || parts.includes('..'))
    throw refused(subPath, 'it must be relative and without ..');
  const root = await realpath(volume);
  let current = root;
  for (const part of parts) {
    const next = path.join(current, part);
    let real: string;
    try {
      real = await realpath(next);
    } catch (error) {
      if (!isMissing(error)) throw refused(subPath, `${part} cannot be followed`);
      await mkdir(next);
      await chmod(next, (await stat(current)).mode & 0o7777);
      real = next;
    }
    if (real !== root && !real.startsWith(root + path.sep))
      throw refused(subPath, 'it leads out of the volume');
    current = real;
  }
  return current;
}

function refused(subPath: string, why: string): ProviderError {
  return new ProviderError('InvalidSpec', `failed to prepare subPath for volumeMount: ${subPath}: ${why}`, {
    field: 'volumeMounts.subPath',
    reason: 'CreateContainerConfigError',
  });
}
