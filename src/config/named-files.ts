import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileTrouble } from './file-trouble.ts';
import { ConfigError, type Settings } from './settings.ts';

/** Throws ConfigError when a file that the settings name cannot be read: with its flag or key, before anything starts. */
export async function checkNamedFiles({
  file,
  kubeconfig,
  bootstrap,
  tls,
}: Pick<Settings, 'file' | 'kubeconfig' | 'bootstrap' | 'tls'>): Promise<void> {
  // Once it has done its service, the bootstrap may be gone.
  const isToBeWritten = bootstrap !== undefined && !existsSync(bootstrap.target);
  const named: readonly (readonly [flag: string, key: string, name: string | undefined])[] = [
    ['--kubeconfig', 'kubeconfig', isToBeWritten ? undefined : kubeconfig],
    ['--bootstrap-kubeconfig', 'bootstrapKubeconfig', isToBeWritten ? bootstrap.kubeconfig : undefined],
    ['--tls-cert-file', 'tls.certFile', tls.certFile],
    ['--tls-private-key-file', 'tls.keyFile', tls.keyFile],
    ['--client-ca-file', 'tls.clientCaFile', tls.clientCaFile],
  ];
  for (const [flag, path, name] of named) {
    if (name === undefined) continue;
    const key = file === undefined ? flag : `${file}: ${path}`;
    await readFile(name).catch((error: unknown) => {
      throw new ConfigError(
        `${key}: ${name} cannot be read: ${fileTrouble(error)}. A relative path begins in the folder where burstlet is started`,
      );
    });
  }
}
