import type { RegistryCredential } from '../../contract/instance-spec.ts';

/** The value of X-Registry-Auth: base64 for URLs, padded; Docker takes anything else for no credentials at all. */
export function authHeader({ username, password, server }: RegistryCredential): string {
  const json = JSON.stringify({ username, password, serveraddress: server });
  return Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
