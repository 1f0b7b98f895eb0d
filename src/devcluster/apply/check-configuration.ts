import { type FieldRule, fieldRule, itemRule, keyDefaults } from '../schema/list-keys.ts';
import { type ApiError, badRequest } from '../store/api-error.ts';
import { type Fields, isAbsent, isFields, keyElement, shapeOf } from './elements.ts';

/** Throws ApiError 400 where an item of a map list cannot be told from the others. */
export function checkConfiguration(value: unknown, rule: FieldRule, path = ''): void {
  const shape = shapeOf(value, rule);
  if (shape === 'fields' && isFields(value)) {
    for (const [name, field] of Object.entries(value))
      checkConfiguration(field, fieldRule(rule.type, name), `${path}.${name}`);
  } else if (shape === 'map' && Array.isArray(value)) {
    checkItems(value, rule, path);
  }
}

function checkItems(items: readonly unknown[], rule: FieldRule, path: string): void {
  const keys = rule.keys ?? [];
  const seen = new Set<string>();
  items.forEach((item, index) => {
    const at = `${path}[${index}]`;
    if (!isFields(item)) throw unusable(`${at}: expected map, got ${JSON.stringify(item)}`);
    const missing = keys.find((key) => isAbsent(item[key]) && keyDefaults[key] === undefined);
    if (missing !== undefined) {
      const which = `associative list with keys has an element that omits key field "${missing}"`;
      throw unusable(`${at}: ${which} (and it has no default)`);
    }
    const element = keyElement(item, keys);
    if (seen.has(element)) throw unusable(`${path}: duplicate entries for key ${describeKey(item, keys)}`);
    seen.add(element);
    checkConfiguration(item, itemRule(rule), at);
  });
}

function describeKey(item: Fields, keys: readonly string[]): string {
  return `[${keys.map((key) => `${key}=${JSON.stringify(item[key] ?? keyDefaults[key])}`).join(',')}]`;
}

function unusable(why: string): ApiError {
  return badRequest(`failed to create typed patch object: ${why}`);
}
