import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError, type Settings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { configMaps } from '../../kube/resources.ts';
import type { Renewable } from '../../node/certificates/certificate-source.ts';
import { type ReadAgainDeps, readAgain } from '../../node/certificates/read-again.ts';

const fileMs = 30_000;
/** Who replaces a CA lets the old one and the new one hold together for days. */
const publishedMs = 300_000;
const published = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

/** The CA of the API server's own client certificate: from a file, or where the API server publishes it. */
export async function readClientCa(
  { tls: { clientCaFile }, file }: Settings,
  deps: ReadAgainDeps & { readonly client: KubeClient },
  signal: AbortSignal,
): Promise<Renewable<string | undefined>> {
  if (clientCaFile === undefined) return fromCluster(deps, signal);
  try {
    return await fromFile(clientCaFile, deps, signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const key = file === undefined ? '--client-ca-file' : `${file}: tls.clientCaFile`;
    throw new ConfigError(`${key}: ${clientCaFile} cannot be used: ${why}`);
  }
}

function fromFile(
  file: string,
  deps: ReadAgainDeps,
  signal: AbortSignal,
): Promise<Renewable<string | undefined>> {
  return readAgain<string | undefined>(
    deps,
    {
      what: `the client CA in ${file}`,
      everyMs: fileMs,
      async read() {
        const pem = await readFile(file, 'utf8');
        return new X509Certificate(pem) && pem;
      },
      isSame: (one, other) => one === other,
    },
    signal,
  );
}

async function fromCluster(
  { client, ...deps }: ReadAgainDeps & { readonly client: KubeClient },
  signal: AbortSignal,
): Promise<Renewable<string | undefined>> {
  const source = await readAgain<string | undefined>(
    deps,
    {
      what: `the client CA in the ConfigMap ${published.namespace}/${published.name}`,
      everyMs: publishedMs,
      async read(limit) {
        try {
          const { data } = await client.get(configMaps, published, { signal: limit });
          return data?.['client-ca-file'];
        } catch (error) {
          if (isNotFound(error) || isForbidden(error)) return undefined;
          throw error;
        }
      },
      // One that is not published any more, or may not be read, has not become wrong.
      isSame: (one, other) => other === undefined || one === other,
    },
    signal,
  );
  if (source.first === undefined)
    deps.log.warn(
      {},
      'no client CA: name one with tls.clientCaFile, or kubectl logs works with bearer tokens only',
    );
  return source;
}
