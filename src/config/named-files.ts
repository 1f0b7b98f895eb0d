import { readFile } from 'node:fs/promises';
import { fileTrouble } from './file-trouble.ts';
import { ConfigError, type Settings } from './settings.ts';

/** Throws ConfigError when a file that the settings name cannot be read: with its flag or key, before anything starts. */
export async function checkNamedFiles({
  file,
  kubeconfig,
  tls,
}: Pick<Settings, 'file' | 'kubeconfig' | 'tls'>): Promise<void> {
  const named = {
    [file === undefined ? '--kubeconfig' : `${file}: kubeconfig`]: kubeconfig,
    [`${file}: tls.certFile`]: tls.certFile,
    [`${file}: tls.keyFile`]: tls.keyFile,
    [`${file}: tls.clientCaFile`]: tls.clientCaFile,
  };
  for (const [key, name] of Object.entries(named)) {
    if (name === undefined) continue;
    await readFile(name).catch((error: unknown) => {
      throw new ConfigError(
        `${key}: ${name} cannot be read: ${fileTrouble(error)}. A relative path begins in the folder where burstlet is started`,
      );
    });
  }
}
