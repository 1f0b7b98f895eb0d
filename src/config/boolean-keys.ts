import { type Document, isScalar, type LineCounter, visit } from 'yaml';

/** A key that somebody wrote as a word and YAML 1.1 reads as a boolean: `y`, `no`, `on`. */
export interface BooleanKey {
  readonly line: number;
  /** What to say of it. */
  readonly message: string;
}

/** They would silently become the keys `true` and `false`. */
export function booleanKeys(document: Document, lines: LineCounter): readonly BooleanKey[] {
  const found: BooleanKey[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || typeof key.value !== 'boolean') return;
      const text = key.source ?? '';
      if (/^(true|false)$/i.test(text)) return;
      const line = lines.linePos(key.range?.[0] ?? 0).line;
      found.push({ line, message: `the key ${text} means ${key.value} in YAML; write "${text}" in quotes` });
    },
  });
  return found;
}
