import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { CachedCredentials } from './cached-credentials.ts';
import { ConfigurationError } from './config-fields.ts';
import type { Credentials } from './credentials.ts';
import { type KubeconfigContext, pickContext } from './kubeconfig.ts';
import { PlainIdentities, readText } from './plain-credentials.ts';
import { PluginIdentities } from './plugin-credentials.ts';

/** Where a Pod finds its service account (client-go's rest.InClusterConfig). */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ClusterAccessOptions {
  /** The one kubeconfig file to use. */
  readonly kubeconfig?: string | undefined;
  /** The context to use in place of current-context. */
  readonly context?: string | undefined;
}

export interface ClusterAccessDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
  /** For tests. */
  readonly serviceAccountFolder?: string;
}

/** How to reach one API server, and as whom. */
export interface ClusterAccess {
  readonly server: string;
  readonly credentials: Credentials;
  /** The context, or `in-cluster`. */
  readonly context: string;
  /** The namespace that the context or the Pod names. */
  readonly namespace?: string;
}

/**
 * Finds the cluster: the given file, else the files in KUBECONFIG, else (unless a context is named) the service account
 * of the Pod this runs in, else ~/.kube/config. Reads the credentials once, so that what is wrong with them is told now.
 * Throws ConfigurationError.
 */
export async function loadClusterAccess(
  options: ClusterAccessOptions,
  deps: ClusterAccessDeps,
): Promise<ClusterAccess> {
  const found = await findContext(options, deps);
  const { cluster, user } = found;
  const { clock, log } = deps;
  const source =
    user.kind === 'plain' ? new PlainIdentities(cluster, user) : new PluginIdentities(clock, cluster, user);
  const credentials = new CachedCredentials({ clock, log, load: (fresh) => source.load(fresh) });
  await credentials.current();
  const { context, namespace } = found;
  return { server: cluster.server, credentials, context, ...(namespace === undefined ? {} : { namespace }) };
}

async function findContext(
  options: ClusterAccessOptions,
  deps: ClusterAccessDeps,
): Promise<KubeconfigContext> {
  const { env, home } = deps;
  if (options.kubeconfig !== undefined)
    return await fromFiles([path.resolve(options.kubeconfig)], options.context);
  const listed = (env.KUBECONFIG ?? '').split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    // Files that are not there are left out, as kubectl does.
    const files = listed.map((file) => path.resolve(file)).filter((file) => existsSync(file));
    if (files.length === 0)
      throw new ConfigurationError('KUBECONFIG', `none of its files exists: ${listed.join(', ')}`);
    return await fromFiles(files, options.context);
  }
  const host = env.KUBERNETES_SERVICE_HOST;
  if (host !== undefined && options.context === undefined) return await inCluster(host, deps);
  const standard = path.join(home, '.kube', 'config');
  if (!existsSync(standard))
    throw new ConfigurationError(
      standard,
      'does not exist, KUBECONFIG is not set, and this is not a Pod: name a kubeconfig file',
    );
  return await fromFiles([standard], options.context);
}

async function fromFiles(files: readonly string[], context: string | undefined): Promise<KubeconfigContext> {
  const read = await Promise.all(files.map(async (file) => ({ file, text: await readText(file) })));
  return pickContext(read, context);
}

async function inCluster(host: string, deps: ClusterAccessDeps): Promise<KubeconfigContext> {
  const folder = deps.serviceAccountFolder ?? serviceAccountFolder;
  const port = deps.env.KUBERNETES_SERVICE_PORT ?? '443';
  return {
    context: 'in-cluster',
    namespace: (await readText(path.join(folder, 'namespace'))).trim(),
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: { file: path.join(folder, 'ca.crt') },
      insecure: false,
    },
    user: { kind: 'plain', token: { file: path.join(folder, 'token') } },
  };
}
