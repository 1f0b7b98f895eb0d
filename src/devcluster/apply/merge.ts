import type { FieldRule } from '../schema/list-keys.ts';
import { fieldRule, itemRule } from '../schema/list-keys.ts';
import { childrenOf, type Fields, isAbsent, isFields, keyElement, shapeOf } from './elements.ts';
import { type FieldSet, isEmpty } from './field-set.ts';

/** The configuration laid over the live value. Neither is changed. */
export function merge(live: unknown, configuration: unknown, rule: FieldRule): unknown {
  const shape = shapeOf(configuration, rule);
  if (isAbsent(live)) return withoutNulls(configuration);
  if (shape === 'leaf' || shape !== shapeOf(live, rule)) return withoutNulls(configuration);
  if (isFields(configuration) && isFields(live)) return mergeFields(live, configuration, rule);
  return mergeItems(live, configuration, rule);
}

function mergeFields(live: Fields, configuration: Fields, rule: FieldRule): Fields {
  const merged: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(configuration))
    if (!isAbsent(value)) merged[name] = merge(live[name], value, fieldRule(rule.type, name));
  return merged;
}

/** Items of the configuration in its order; what is only live stays before the item that followed it. */
function mergeItems(live: unknown, configuration: unknown, rule: FieldRule): unknown[] {
  const mine = [...childrenOf(configuration, rule)];
  const theirs = [...childrenOf(live, rule)];
  const mineBy = new Map(mine);
  const theirsBy = new Map(theirs);
  const merged: unknown[] = [];
  const placed = new Set<string>();
  let next = 0;
  const placeLiveOnly = (): void => {
    for (let entry = theirs[next]; entry !== undefined; entry = theirs[++next]) {
      const [element, child] = entry;
      if (!mineBy.has(element)) merged.push(child.value);
      else if (!placed.has(element)) return;
    }
  };
  for (const [element, child] of mine) {
    placeLiveOnly();
    merged.push(merge(theirsBy.get(element)?.value, child.value, child.rule));
    placed.add(element);
  }
  placeLiveOnly();
  return merged;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([, field]) => !isAbsent(field));
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNulls(field)]));
}

/**
 * Removes what the applier had applied (`last`) and nobody owns any more (`owned`: everyone's fields, the applier's new
 * ones included). What the server had put below such a field goes with it.
 */
export function prune(value: unknown, last: FieldSet, owned: FieldSet, rule: FieldRule): unknown {
  if (isEmpty(last)) return value;
  const shape = shapeOf(value, rule);
  if (shape === 'fields' && isFields(value)) return pruneFields(value, last, owned, rule);
  if ((shape === 'map' || shape === 'set') && Array.isArray(value))
    return pruneItems(value, last, owned, rule);
  return value;
}

function pruneFields(value: Fields, last: FieldSet, owned: FieldSet, rule: FieldRule): Fields {
  const kept: Record<string, unknown> = { ...value };
  for (const [element, lastBelow] of Object.entries(last)) {
    const name = element.slice(2);
    if (!element.startsWith('f:') || !(name in value)) continue;
    const ownedBelow = owned[element];
    if (ownedBelow === undefined) delete kept[name];
    else kept[name] = prune(value[name], lastBelow, ownedBelow, fieldRule(rule.type, name));
  }
  return kept;
}

function pruneItems(value: readonly unknown[], last: FieldSet, owned: FieldSet, rule: FieldRule): unknown[] {
  const keys = rule.keys ?? [];
  return value.flatMap((item) => {
    const element = rule.list === 'set' ? `v:${JSON.stringify(item)}` : keyElement(item, keys);
    const lastBelow = last[element];
    if (lastBelow === undefined) return [item];
    const ownedBelow = owned[element];
    if (ownedBelow === undefined) return [];
    // An item that stays keeps what identifies it, whoever owned that.
    const identity = Object.fromEntries(keys.map((key) => [`f:${key}`, {}]));
    return [prune(item, lastBelow, { ...identity, ...ownedBelow }, itemRule(rule))];
  });
}
