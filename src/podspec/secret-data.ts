import type { Secret } from '../kube/types.ts';

/** The values of a Secret, decoded; undefined when there is no such Secret. */
export function secretBytes(secret: Secret | undefined): Readonly<Record<string, Buffer>> | undefined {
  if (secret === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
  );
}

export function secretText(secret: Secret | undefined): Readonly<Record<string, string>> | undefined {
  const bytes = secretBytes(secret);
  if (bytes === undefined) return undefined;
  return Object.fromEntries(Object.entries(bytes).map(([key, value]) => [key, value.toString('utf8')]));
}
