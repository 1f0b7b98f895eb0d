/** Something that must never happen did. The message says what and how to see it again. */
export class CrashFailure extends Error {
  override readonly name = 'CrashFailure';
}

export function requireNone(violations: readonly string[], replay: string): void {
  if (violations.length > 0) throw new CrashFailure([...violations, `replay: ${replay}`].join('\n'));
}

export function require(holds: boolean, what: string): void {
  if (!holds) throw new CrashFailure(what);
}
