import { type FieldRule, fieldRule, itemRule, keyDefaults } from '../schema/list-keys.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** How a value is taken apart for ownership: by field, by item, or not at all. */
export type Shape = 'fields' | 'map' | 'set' | 'leaf';

export function shapeOf(value: unknown, rule: FieldRule): Shape {
  if (Array.isArray(value)) return rule.list ?? 'leaf';
  return isFields(value) && rule.atomic !== true ? 'fields' : 'leaf';
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON null and "not there" are the same to the API server's types. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export interface Child {
  readonly value: unknown;
  readonly rule: FieldRule;
}

/**
 * The children of a value by path element, in their order. Items of a map list with the same key fall together: the
 * last one stands.
 */
export function childrenOf(value: unknown, rule: FieldRule): ReadonlyMap<string, Child> {
  const children = new Map<string, Child>();
  if (Array.isArray(value)) {
    const ofItems = itemRule(rule);
    for (const item of value) {
      if (rule.list === 'set') children.set(`v:${JSON.stringify(item)}`, { value: item, rule: {} });
      else children.set(keyElement(item, rule.keys ?? []), { value: item, rule: ofItems });
    }
  } else if (isFields(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (!isAbsent(field)) children.set(`f:${name}`, { value: field, rule: fieldRule(rule.type, name) });
    }
  }
  return children;
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: the keys sorted, left-out ones with their defaults. */
export function keyElement(item: unknown, keys: readonly string[]): string {
  const fields = isFields(item) ? item : {};
  const key: Record<string, unknown> = {};
  for (const name of [...keys].sort()) {
    const value = fields[name] ?? keyDefaults[name];
    if (value !== undefined) key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}
