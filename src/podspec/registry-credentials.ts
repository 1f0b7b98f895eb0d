import type { RegistryCredential } from '../../providers/contract/index.ts';
import type { Pod, Secret } from '../kube/types.ts';
import type { Issues } from './issues.ts';
import type { References } from './references.ts';
import { secretText } from './secret-data.ts';

/**
 * The credentials of `imagePullSecrets`, in their order. A secret that is missing or unreadable is told and passed
 * over: the pull may work without it (kubelet_pods.go, getPullSecretsForPod).
 */
export function registryCredentials(pod: Pod, refs: References, issues: Issues): RegistryCredential[] {
  const useless: string[] = [];
  const credentials = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => {
    if (!name) return [];
    const found = readDockerConfig(refs.secrets.get(name));
    if (found === undefined) useless.push(name);
    return found ?? [];
  });
  if (useless.length > 0)
    issues.addWarning(
      'FailedToRetrieveImagePullSecret',
      `Unable to retrieve some image pull secrets (${useless.join(', ')}); attempting to pull the image may not succeed.`,
    );
  return credentials;
}

/** Both forms that Docker ever wrote: with `auths` around the servers, and without. Undefined = neither. */
function readDockerConfig(secret: Secret | undefined): RegistryCredential[] | undefined {
  const data = secretText(secret);
  const text = data?.['.dockerconfigjson'] ?? data?.['.dockercfg'];
  if (text === undefined) return undefined;
  let servers: unknown;
  try {
    servers = JSON.parse(text);
  } catch {
    // The text stays out of every message: it holds passwords.
    return undefined;
  }
  if (data?.['.dockerconfigjson'] !== undefined) servers = isRecord(servers) ? servers.auths : undefined;
  if (!isRecord(servers)) return undefined;
  return Object.entries(servers).flatMap(([server, entry]) => readEntry(server, entry));
}

function readEntry(server: string, entry: unknown): RegistryCredential[] {
  if (!isRecord(entry)) return [];
  const { username, password, auth } = entry;
  if (typeof username === 'string' && typeof password === 'string' && username !== '')
    return [{ server, username, password }];
  if (typeof auth !== 'string') return [];
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) return [];
  return [{ server, username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
