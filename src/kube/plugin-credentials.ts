import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, pause } from '../telemetry/clock.ts';
import { ConfigurationError } from './config-fields.ts';
import type { Identity } from './credentials.ts';
import type { ClusterEntry, UserEntry } from './kubeconfig.ts';
import { clusterTls } from './plain-credentials.ts';

export type PluginEntry = Extract<UserEntry, { kind: 'plugin' }>;

const timeoutMs = 60_000;

/**
 * Identities of users with an exec plugin or an auth provider. client-node runs and refreshes them; it is loaded only
 * here, because it costs about 90 MB. It keeps what it got until that expires; `fresh` starts it anew.
 */
export class PluginIdentities {
  readonly #clock: Clock;
  readonly #cluster: ClusterEntry;
  readonly #user: PluginEntry;
  #config: KubeConfig | undefined;

  constructor(clock: Clock, cluster: ClusterEntry, user: PluginEntry) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#user = user;
  }

  async load(fresh: boolean): Promise<Identity> {
    if (fresh) this.#config = undefined;
    this.#config ??= await this.#newConfig();
    const options: RequestOptions = {};
    const done = new AbortController();
    const tooLate = pause(this.#clock, timeoutMs, done.signal).then(() => {
      if (!done.signal.aborted) throw this.#failure(`gave no credentials within ${timeoutMs / 1000} s`);
    });
    try {
      await Promise.race([this.#config.applyToHTTPSOptions(options), tooLate]);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw this.#failure(`gave no credentials: ${reasonOf(error)}`);
    } finally {
      done.abort();
    }
    return await this.#identityOf(options);
  }

  async #newConfig(): Promise<KubeConfig> {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    const name = 'burstlet';
    const { exec, authProvider } = this.#user.raw;
    const cluster = { name, server: this.#cluster.server, skipTLSVerify: this.#cluster.insecure };
    const told = exec && { ...exec, env: [...asList(exec.env), await this.#execInfo(exec)] };
    config.loadFromClusterAndUser(cluster, { name, exec: told, authProvider });
    return config;
  }

  /** What client-go tells every plugin (client.authentication.k8s.io ExecCredential) and client-node does not. */
  async #execInfo(exec: Readonly<Record<string, unknown>>): Promise<{ name: string; value: string }> {
    const { server, insecure, serverName } = this.#cluster;
    const { ca } = await clusterTls(this.#cluster);
    const cluster = {
      server,
      'tls-server-name': serverName,
      'insecure-skip-tls-verify': insecure || undefined,
      'certificate-authority-data': ca === undefined ? undefined : Buffer.from(ca).toString('base64'),
    };
    const spec = { interactive: false, cluster: exec.provideClusterInfo === true ? cluster : undefined };
    const value = JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
    return { name: 'KUBERNETES_EXEC_INFO', value };
  }

  async #identityOf(options: RequestOptions): Promise<Identity> {
    const { headers, cert, key } = options;
    const authorization = headers && 'Authorization' in headers ? headers.Authorization : undefined;
    if (authorization === undefined && cert === undefined)
      throw this.#failure('gave neither a token nor a client certificate');
    const tls = {
      ...(await clusterTls(this.#cluster)),
      ...(cert === undefined ? {} : { cert: String(cert) }),
      ...(key === undefined ? {} : { key: String(key) }),
    };
    return { tls, ...(authorization === undefined ? {} : { authorization: String(authorization) }) };
  }

  #failure(what: string): ConfigurationError {
    const { exec, authProvider } = this.#user.raw;
    const plugin = exec
      ? `exec plugin ${String(exec.command)}`
      : `auth provider ${String(authProvider?.name)}`;
    return new ConfigurationError(this.#user.place, `the ${plugin} ${what}`);
  }
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What the plugin complained of, in a line, without anything that looks like a secret. */
function reasonOf(error: unknown): string {
  // A JSON parser's message quotes what it could not read: the credentials.
  if (error instanceof SyntaxError) return 'its output is not an ExecCredential in JSON';
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.replaceAll(/[\w+/=.-]{40,}/g, '***').slice(0, 300) || 'it did not say why';
}
