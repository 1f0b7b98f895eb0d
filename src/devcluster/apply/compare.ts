import { isDeepStrictEqual } from 'node:util';
import type { FieldRule } from '../schema/list-keys.ts';
import { childrenOf, isAbsent, shapeOf } from './elements.ts';
import { type FieldSet, FieldSetBuilder, type Path } from './field-set.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/**
 * Structs that the server's own types always hold, even when they are empty: nobody is said to have added them.
 * (Go writes a struct without `omitempty` in any case; upstream compares with such an object.)
 */
const alwaysThere: ReadonlySet<string> = new Set([
  'f:metadata',
  'f:spec',
  'f:status',
  'f:template',
  'f:jobTemplate',
  'f:strategy',
  'f:updateStrategy',
  'f:containers',
]);

/** Which fields a write added, changed and removed. Same objects are not looked into. */
export function compare(before: unknown, after: unknown, rule: FieldRule): Comparison {
  const walk: Walk = {
    added: new FieldSetBuilder(),
    modified: new FieldSetBuilder(),
    removed: new FieldSetBuilder(),
  };
  visit(walk, [], before, after, rule);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

interface Walk {
  readonly added: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly removed: FieldSetBuilder;
}

function visit(walk: Walk, path: Path, before: unknown, after: unknown, rule: FieldRule): void {
  if (before === after) return;
  const [had, has] = [!isAbsent(before), !isAbsent(after)];
  if (!had || !has) {
    if (has) insertAll(walk.added, path, after, rule);
    if (had) insertAll(walk.removed, path, before, rule);
    return;
  }
  const shape = shapeOf(after, rule);
  if (shape === 'leaf' || shape !== shapeOf(before, rule)) {
    if (!isDeepStrictEqual(before, after)) walk.modified.insert(path);
    return;
  }
  const [old, now] = [childrenOf(before, rule), childrenOf(after, rule)];
  for (const [element, child] of now)
    visit(walk, [...path, element], old.get(element)?.value, child.value, child.rule);
  for (const [element, child] of old)
    if (!now.has(element)) visit(walk, [...path, element], child.value, undefined, child.rule);
}

function insertAll(set: FieldSetBuilder, path: Path, value: unknown, rule: FieldRule): void {
  const children = shapeOf(value, rule) === 'leaf' ? [] : [...childrenOf(value, rule)];
  if (children.length === 0 || !alwaysThere.has(path.at(-1) ?? '')) set.insert(path);
  for (const [element, child] of children) insertAll(set, [...path, element], child.value, child.rule);
}

/** The fields that someone who applies this configuration has an opinion about. */
export function fieldsOf(configuration: unknown, rule: FieldRule): FieldSet {
  const set = new FieldSetBuilder();
  collect(set, [], configuration, rule);
  return set.build();
}

function collect(set: FieldSetBuilder, path: Path, value: unknown, rule: FieldRule): void {
  const shape = shapeOf(value, rule);
  const children = shape === 'leaf' ? [] : [...childrenOf(value, rule)];
  const isItem = path.at(-1)?.startsWith('k:') === true;
  if (children.length === 0 || isItem) set.insert(path);
  for (const [element, child] of children) collect(set, [...path, element], child.value, child.rule);
}
