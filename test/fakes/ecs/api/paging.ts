import { invalidParameter } from '../door/service-error.ts';

/**
 * One page of sorted keys. The token names the last key that was given, so that what is added or goes meanwhile shifts
 * nothing.
 */
export function pageOf(
  keys: readonly string[],
  maxResults: number | undefined,
  nextToken: string | undefined,
): { items: string[]; nextToken: string | undefined } {
  const size = maxResults ?? 100;
  if (!(size >= 1 && size <= 100)) throw invalidParameter('maxResults must be between 1 and 100.');
  const after = nextToken === undefined ? '' : Buffer.from(nextToken, 'base64url').toString();
  if (nextToken !== undefined && after === '') throw invalidParameter('Invalid token.');
  const rest = keys.toSorted().filter((key) => key > after);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const more = rest.length > size && last !== undefined;
  return { items, nextToken: more ? Buffer.from(last).toString('base64url') : undefined };
}
