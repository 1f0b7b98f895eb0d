import { readFile } from 'node:fs/promises';
import { ConfigError, type TlsSettings } from './settings.ts';

/** Throws ConfigError, with the key, when a file that the settings name cannot be read. `file` is only for the messages. */
export async function checkTlsFiles(tls: TlsSettings, file: string): Promise<void> {
  for (const key of ['certFile', 'keyFile', 'clientCaFile'] as const) {
    const name = tls[key];
    if (name === undefined) continue;
    await readFile(name).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new ConfigError(
        `${file}: tls.${key}: ${name} cannot be read (${why}); relative paths begin where the daemon starts`,
      );
    });
  }
}
