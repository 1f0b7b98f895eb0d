import type { Server } from 'node:net';
import type { ProviderErrorKind } from '../../contract/errors.ts';
import { providerErrorKind } from '../../contract/errors.ts';

/** `path` must not exist; it is relative, for a socket's path may have about 100 characters only. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const umask = process.umask(0o177);
    server.listen(path, resolve);
    process.umask(umask);
  });
  server.on('error', (error) => console.error(`socket ${path}: ${error.message}`));
}

export function toWire(error: unknown): { readonly kind: ProviderErrorKind; readonly message: string } {
  return { kind: providerErrorKind(error), message: error instanceof Error ? error.message : String(error) };
}
