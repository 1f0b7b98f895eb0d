/** The value under a key that somebody else chose: `constructor` is a key like any other, and absent if not set. */
export function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
