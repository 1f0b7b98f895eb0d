/**
 * A set of fields as it stands in `managedFields[].fieldsV1`: a trie of path elements (`f:name`, `k:{...}`, `v:...`).
 * A node is a member when it is empty or has the element `.`; the root is never a member, so `{}` is the empty set.
 * Source: sigs.k8s.io/structured-merge-diff, fieldpath.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export type Path = readonly string[];

const self = '.';
const leaf: FieldSet = Object.freeze({});

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

function isMember(node: FieldSet): boolean {
  return self in node || isEmpty(node);
}

/** Grows one set, a path at a time; a path comes before those below it. */
export class FieldSetBuilder {
  readonly #root: MutableFieldSet = {};

  insert(path: Path): void {
    let node = this.#root;
    let isNew = false;
    for (const element of path) {
      const child = node[element];
      // A node that was a leaf so far and now gets children has to say that it is a member itself.
      if (child === undefined && node !== this.#root && !isNew && isEmpty(node)) node[self] = {};
      isNew = child === undefined;
      node = child ?? addChild(node, element);
    }
  }

  build(): FieldSet {
    return this.#root;
  }
}

interface MutableFieldSet {
  [element: string]: MutableFieldSet;
}

function addChild(node: MutableFieldSet, element: string): MutableFieldSet {
  const child: MutableFieldSet = {};
  node[element] = child;
  return child;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return mergeChildren(a, b);
}

function mergeChildren(a: FieldSet, b: FieldSet): FieldSet {
  const merged: Record<string, FieldSet> = { ...a };
  for (const [element, node] of Object.entries(b)) {
    const mine = a[element];
    merged[element] = mine === undefined ? node : unionNode(mine, node);
  }
  return merged;
}

function unionNode(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const merged = mergeChildren(a, b);
  if (isEmpty(merged)) return leaf;
  return isMember(a) || isMember(b) ? { [self]: leaf, ...merged } : merged;
}

/** The members of `a` that are not members of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return filterSet(a, b, (inA, inB) => inA && !inB, true);
}

/** The members of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return filterSet(a, b, (inA, inB) => inA && inB, false);
}

type Choice = (inA: boolean, inB: boolean) => boolean;

function filterSet(a: FieldSet, b: FieldSet, keep: Choice, keepUnmatched: boolean): FieldSet {
  const kept: Record<string, FieldSet> = {};
  for (const [element, node] of Object.entries(a)) {
    if (element === self) continue;
    const other = b[element];
    if (other === undefined) {
      if (keepUnmatched) kept[element] = node;
      continue;
    }
    const children = filterSet(node, other, keep, keepUnmatched);
    const member = keep(isMember(node), isMember(other));
    if (!isEmpty(children)) kept[element] = member ? { [self]: leaf, ...children } : children;
    else if (member) kept[element] = leaf;
  }
  return kept;
}

/** `a` without everything at or below the members and inner nodes named in `paths`. */
export function without(a: FieldSet, paths: readonly Path[]): FieldSet {
  return paths.reduce(cut, a);
}

function cut(node: FieldSet, path: Path): FieldSet {
  const [element, ...rest] = path;
  if (element === undefined) return node;
  const child = node[element];
  if (child === undefined) return node;
  const { [element]: _, ...others } = node;
  if (rest.length === 0) return others;
  const remaining = cut(child, rest);
  if (remaining === child) return node;
  return isEmpty(remaining) ? others : { ...others, [element]: remaining };
}

export function equal(a: FieldSet, b: FieldSet): boolean {
  const elements = Object.keys(a);
  if (elements.length !== Object.keys(b).length) return false;
  return elements.every((element) => {
    const [mine, other] = [a[element], b[element]];
    return mine !== undefined && other !== undefined && equal(mine, other);
  });
}

/** The order that the API server writes: `.`, then fields, keys and values, each sorted. */
export function sorted(set: FieldSet): FieldSet {
  const entries = Object.entries(set).map(([element, node]) => [element, sorted(node)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every member as it is named in messages: `.spec.containers[name="web"].image`. */
export function memberPaths(set: FieldSet, prefix = ''): string[] {
  return Object.entries(set).flatMap(([element, node]) => {
    if (element === self) return [];
    const path = prefix + describe(element);
    return isMember(node) ? [path, ...memberPaths(node, path)] : memberPaths(node, path);
  });
}

function describe(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('v:')) return `[=${content}]`;
  if (!element.startsWith('k:')) return `[${content}]`;
  const keys: Record<string, unknown> = JSON.parse(content);
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
