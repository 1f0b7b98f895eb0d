import { type FieldRule, fieldRule, itemRule } from '../schema/list-keys.ts';
import { badRequest } from '../store/api-error.ts';
import { isRecord, type Json, record } from '../store/json.ts';

/**
 * Kubernetes' strategic merge patch (k8s.io/apimachinery pkg/util/strategicpatch): like a JSON merge patch, but lists
 * that are maps by a key are merged item by item, and `$` directives say what plain JSON cannot. Nothing given is
 * changed; unchanged parts are shared with `live`.
 */
export function strategicMerge(live: Json, patch: Json, rule: FieldRule): Json {
  if (patch.$patch === 'delete') return {};
  const replaced = patch.$patch === 'replace';
  const merged: Json = replaced ? {} : { ...live };
  if (Array.isArray(patch.$retainKeys)) {
    for (const field of Object.keys(merged)) if (!patch.$retainKeys.includes(field)) delete merged[field];
  }
  for (const [field, value] of Object.entries(patch)) {
    const [directive, target] = field.startsWith('$') ? field.split('/', 2) : [];
    const own = fieldRule(rule.type, target ?? field);
    if (directive === '$deleteFromPrimitiveList' && target !== undefined) {
      merged[target] = list(merged[target]).filter((item) => !list(value).includes(item));
    } else if (directive === '$setElementOrder' && target !== undefined) {
      // With a patch of the same list the order is applied there.
      if (patch[target] === undefined && merged[target] !== undefined) {
        merged[target] = inOrder(list(merged[target]), list(value), list(merged[target]), own.patchKey);
      }
    } else if (directive !== undefined) {
      if (!['$patch', '$retainKeys'].includes(directive)) throw badRequest(`unknown directive ${field}`);
    } else if (value === null || (isRecord(value) && value.$patch === 'delete')) {
      delete merged[field];
    } else {
      const order = patch[`$setElementOrder/${field}`];
      merged[field] = mergeValue(merged[field], value, own, Array.isArray(order) ? order : undefined);
    }
  }
  return merged;
}

function mergeValue(live: unknown, patch: unknown, rule: FieldRule, order: unknown[] | undefined): unknown {
  if (Array.isArray(patch)) {
    if (rule.patchStrategy?.includes('merge') !== true) return patch;
    return mergeList(list(live), patch, rule, order);
  }
  if (!isRecord(patch)) return patch;
  return strategicMerge(rule.patchStrategy === 'replace' ? {} : record(live), patch, rule);
}

function mergeList(
  live: unknown[],
  patch: unknown[],
  rule: FieldRule,
  order: unknown[] | undefined,
): unknown[] {
  const { patchKey } = rule;
  if (patchKey === undefined) {
    const added = patch.filter((item, index) => !live.includes(item) && patch.indexOf(item) === index);
    return inOrder([...live, ...added], order ?? patch, live, undefined);
  }
  const items = patch.map((item) => {
    if (isRecord(item) && (item[patchKey] !== undefined || item.$patch === 'replace')) return item;
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${patchKey}`);
  });
  const replaces = items.some((item) => item.$patch === 'replace');
  const changes = items.filter((item) => item.$patch === undefined || item.$patch === 'merge');
  const removed = items.filter((item) => item.$patch === 'delete').map((item) => item[patchKey]);
  const merged = replaces ? [] : live.filter((item) => !removed.includes(record(item)[patchKey]));
  for (const change of changes) {
    const at = merged.findIndex((item) => record(item)[patchKey] === change[patchKey]);
    const item = strategicMerge(record(merged[at]), change, itemRule(rule));
    if (at < 0) merged.push(item);
    else merged[at] = item;
  }
  return inOrder(merged, order ?? changes, live, patchKey);
}

/**
 * What `wanted` names comes in that order; the others keep their place before whatever followed them in `live`, and
 * what is new comes before them (strategicpatch mergeSortedSlice).
 */
function inOrder(items: unknown[], wanted: unknown[], live: unknown[], key: string | undefined): unknown[] {
  const keyOf = (item: unknown): unknown => (key !== undefined && isRecord(item) ? item[key] : item);
  const order = wanted.map(keyOf);
  const before = live.map(keyOf);
  const left = items
    .filter((item) => order.includes(keyOf(item)))
    .sort((a, b) => order.indexOf(keyOf(a)) - order.indexOf(keyOf(b)));
  const right = items.filter((item) => !order.includes(keyOf(item)));
  const result: unknown[] = [];
  while (left.length > 0 && right.length > 0) {
    const l = before.indexOf(keyOf(left[0]));
    const r = before.indexOf(keyOf(right[0]));
    result.push(l >= 0 && r >= 0 && r < l ? right.shift() : left.shift());
  }
  return [...result, ...left, ...right];
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** RFC 7386. */
export function mergePatch(live: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Json = { ...record(live) };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}
