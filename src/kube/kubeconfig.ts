import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import {
  type ConfigEntry,
  ConfigPlace,
  ConfigurationError,
  fields,
  listOf,
  maybeBoolean,
  maybeText,
} from './config-fields.ts';

const maxFileBytes = 4 * 1024 * 1024;

/** A kubeconfig file as read. */
export interface KubeconfigFile {
  readonly file: string;
  readonly text: string;
}

/** PEM text in place, or the absolute path of a file with it. */
export type Pem = { readonly pem: string } | { readonly file: string };

export interface ClusterEntry {
  readonly server: string;
  readonly ca?: Pem;
  readonly insecure: boolean;
  readonly serverName?: string;
}

export type UserEntry =
  /** Certificate and bearer token; either may be absent. */
  | {
      readonly kind: 'plain';
      readonly certificate?: Pem;
      readonly key?: Pem;
      readonly token?: { readonly text: string } | { readonly file: string };
    }
  /** A command or an auth provider gives the credentials; `raw` is the user as written. */
  | { readonly kind: 'plugin'; readonly place: string; readonly raw: PluginUser };

export interface PluginUser {
  readonly exec?: Readonly<Record<string, unknown>>;
  readonly authProvider?: Readonly<Record<string, unknown>>;
}

export interface KubeconfigContext {
  readonly context: string;
  readonly namespace?: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

type Section = 'clusters' | 'users' | 'contexts';

/**
 * Picks one context out of kubeconfig files, merged as client-go's ClientConfigLoadingRules do: for every name the
 * first file that has it wins, and so does the first current-context. Relative paths belong to the file they stand in.
 * Throws ConfigurationError with file and key; never quotes a value that may be secret.
 */
export function pickContext(files: readonly KubeconfigFile[], wanted: string | undefined): KubeconfigContext {
  const where = files.map(({ file }) => file).join(', ');
  const documents = files.map(parseFile);
  const name = wanted ?? documents.map((entry) => maybeText(entry, 'current-context')).find((text) => text);
  if (name === undefined)
    throw new ConfigurationError(where, 'current-context is not set: set it, or name a context');
  const context = find(documents, 'contexts', 'context', name, where);
  const clusterName = maybeText(context, 'cluster');
  if (clusterName === undefined) throw context.place.error('cluster', 'is missing');
  const cluster = find(documents, 'clusters', 'cluster', clusterName, where);
  const userName = maybeText(context, 'user');
  const namespace = maybeText(context, 'namespace');
  return {
    context: name,
    ...(namespace === undefined ? {} : { namespace }),
    cluster: clusterOf(cluster),
    user:
      userName === undefined ? { kind: 'plain' } : userOf(find(documents, 'users', 'user', userName, where)),
  };
}

function parseFile({ file, text }: KubeconfigFile): ConfigEntry {
  if (text.length > maxFileBytes) throw new ConfigurationError(file, `is larger than ${maxFileBytes} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  // The parser's own message would quote the line, which may hold a token.
  if (error !== undefined)
    throw new ConfigurationError(
      `${file}:${lines.linePos(error.pos[0]).line}`,
      `is not YAML (${error.code})`,
    );
  return fields(document.toJS({ maxAliasCount: 100 }) ?? {}, new ConfigPlace(file, ''));
}

/** The wanted entry of a section: `{name, [inner]: {…}}`. */
function find(
  documents: readonly ConfigEntry[],
  section: Section,
  inner: string,
  name: string,
  where: string,
): ConfigEntry {
  const names: string[] = [];
  for (const document of documents) {
    for (const entry of listOf(document, section)) {
      const own = maybeText(entry, 'name');
      if (own === name) return fields(entry.value[inner] ?? {}, entry.place.below(inner));
      if (own !== undefined) names.push(own);
    }
  }
  const known = names.length > 0 ? `there are: ${names.join(', ')}` : `${section} is empty`;
  throw new ConfigurationError(where, `${section} has none named "${name}"; ${known}`);
}

function clusterOf(entry: ConfigEntry): ClusterEntry {
  const { place } = entry;
  const server = maybeText(entry, 'server');
  if (server === undefined) throw place.error('server', 'is missing');
  const url = URL.parse(server);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw place.error('server', 'is not an http or https address');
  if (maybeText(entry, 'proxy-url') !== undefined)
    throw place.error('proxy-url', 'is not supported: give the node a direct way to the API server');
  const ca = pemOf(entry, 'certificate-authority');
  const insecure = maybeBoolean(entry, 'insecure-skip-tls-verify') ?? false;
  if (insecure && ca !== undefined)
    throw place.error('insecure-skip-tls-verify', 'contradicts certificate-authority: remove one of them');
  const serverName = maybeText(entry, 'tls-server-name');
  return {
    server,
    insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function userOf(entry: ConfigEntry): UserEntry {
  const { place, value } = entry;
  for (const key of ['username', 'password'])
    if (value[key] !== undefined)
      throw place.error(
        key,
        'is not supported: API servers have refused it since 1.19; use a token or a certificate',
      );
  for (const key of ['as', 'as-uid', 'as-groups', 'as-user-extra'])
    if (value[key] !== undefined)
      throw place.error(key, 'is not supported: name a user of its own for this program');
  const certificate = pemOf(entry, 'client-certificate');
  const key = pemOf(entry, 'client-key');
  if ((certificate === undefined) !== (key === undefined))
    throw place.error(
      certificate === undefined ? 'client-certificate' : 'client-key',
      'is missing: they go together',
    );
  const plugin = pluginOf(entry);
  if (plugin !== undefined && certificate !== undefined)
    throw place.error(
      'client-certificate',
      'cannot go together with exec or auth-provider: remove one of them',
    );
  if (plugin !== undefined) return { kind: 'plugin', place: place.toString(), raw: plugin };
  const tokenFile = maybeText(entry, 'tokenFile');
  const token = maybeText(entry, 'token');
  return {
    kind: 'plain',
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tokenFile !== undefined
      ? { token: { file: besides(place, tokenFile) } }
      : token === undefined
        ? {}
        : { token: { text: token } }),
  };
}

function pluginOf({ place, value }: ConfigEntry): PluginUser | undefined {
  if (value.exec != null) {
    const exec = fields(value.exec, place.below('exec'));
    const command = maybeText(exec, 'command');
    if (command === undefined) throw exec.place.error('command', 'is missing');
    // As client-go: a bare name is looked up in PATH, anything with a separator belongs to the file.
    const resolved = command.includes(path.sep) ? besides(place, command) : command;
    return { exec: { ...exec.value, command: resolved } };
  }
  if (value['auth-provider'] == null) return undefined;
  return { authProvider: fields(value['auth-provider'], place.below('auth-provider')).value };
}

/** `key-data` (base64) goes before `key` (a path), as in client-go. */
function pemOf(entry: ConfigEntry, key: string): Pem | undefined {
  const data = maybeText(entry, `${key}-data`);
  if (data !== undefined) {
    const pem = Buffer.from(data, 'base64').toString('utf8');
    if (!pem.includes('-----BEGIN')) throw entry.place.error(`${key}-data`, 'is not PEM in base64');
    return { pem };
  }
  const file = maybeText(entry, key);
  return file === undefined ? undefined : { file: besides(entry.place, file) };
}

function besides(place: ConfigPlace, file: string): string {
  return path.resolve(path.dirname(place.file), file);
}
