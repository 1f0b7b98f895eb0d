const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A short hash fit for names: FNV-1a over the JSON with sorted keys, its decimal digits in the letters of apimachinery's
 * SafeEncodeString, so the names look as upstream's do.
 */
export function safeHash(value: unknown): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(canonical(value))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}

/** The first hash whose name is free: a salt stands in for upstream's collisionCount. */
export function freeHash(value: unknown, isTaken: (hash: string) => boolean): string {
  for (let salt = 0; ; salt++) {
    const hash = safeHash(salt === 0 ? value : [value, salt]);
    if (!isTaken(hash)) return hash;
  }
}

/** Equal as Go would decode them: in any order of fields, and a null is a field that is not there. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, field]) => field !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : inner,
  );
}
