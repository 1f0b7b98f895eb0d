import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { booleanKeys } from '../../config/boolean-keys.ts';
import type { FieldPath } from './field-path.ts';

/** An object as somebody wrote it: nothing is known of its shape but these. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface Manifest {
  /** As the user named it. */
  readonly file: string;
  /** Where the object begins, from 1. */
  readonly line: number;
  readonly object: ManifestObject;
  /** The line of a field, or of the nearest thing around it that is in the file. */
  lineOf(path: FieldPath): number;
}

export interface ParsedManifests {
  readonly manifests: readonly Manifest[];
  /** `file:line: what is wrong`, in the order of the file. */
  readonly problems: readonly string[];
}

const maxBytes = 16 * 1024 * 1024;
const maxAliases = 100;

/**
 * The objects in a YAML or JSON text: several documents, and lists of objects taken apart. YAML 1.1 as kubectl reads it
 * (`0644` is octal, `yes` is true), without its times of day and dates, which kubectl takes for text as well.
 */
export function parseManifests(text: string, file: string): ParsedManifests {
  if (Buffer.byteLength(text) > maxBytes)
    return { manifests: [], problems: [`${file}: larger than ${maxBytes / 1024 / 1024} MiB`] };
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    customTags: (tags) =>
      tags.filter(
        (tag) => typeof tag === 'string' || (!tag.tag.endsWith(':timestamp') && tag.format !== 'TIME'),
      ),
  });
  const manifests: Manifest[] = [];
  const problems: string[] = [];
  for (const document of documents) {
    const place: Place = { file, lineOf: (path) => lineIn(document, path, lines) };
    const [broken] = document.errors;
    if (broken !== undefined) {
      problems.push(`${file}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
      continue;
    }
    problems.push(...booleanKeys(document, lines).map(({ line, message }) => `${file}:${line}: ${message}`));
    try {
      collect(document.toJS({ maxAliasCount: maxAliases }), [], place, manifests, problems);
    } catch (error) {
      problems.push(`${file}:${place.lineOf([])}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { manifests, problems };
}

interface Place {
  readonly file: string;
  readonly lineOf: (path: FieldPath) => number;
}

function collect(
  value: unknown,
  at: FieldPath,
  place: Place,
  manifests: Manifest[],
  problems: string[],
): void {
  // Between two `---` there may be nothing but a comment.
  if (value === null || value === undefined) return;
  const items = itemsOf(value);
  if (items !== undefined) {
    items.forEach((item, index) => {
      collect(item, [...at, 'items', index], place, manifests, problems);
    });
    return;
  }
  const { file } = place;
  const line = place.lineOf(at);
  const object = manifestObject(value);
  if (typeof object === 'string') problems.push(`${file}:${line}: ${object}`);
  else manifests.push({ file, line, object, lineOf: (path) => place.lineOf([...at, ...path]) });
}

/** The items of a list, each with the apiVersion and kind that those of a PodList leave out. */
function itemsOf(value: unknown): unknown[] | undefined {
  if (!isRecord(value) || !isText(value.kind) || !value.kind.endsWith('List')) return undefined;
  const { apiVersion, kind, items } = value;
  if (!Array.isArray(items)) return undefined;
  const inherited = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item: unknown) => (isRecord(item) ? { ...inherited, ...item } : item));
}

/** The object, or what is wrong with it. */
function manifestObject(value: unknown): ManifestObject | string {
  if (!isRecord(value)) return 'an object with apiVersion and kind was expected here';
  const { apiVersion, kind } = value;
  const metadata = value.metadata ?? {};
  if (!isText(apiVersion) || !isText(kind)) {
    const missing = ['apiVersion', 'kind'].filter((field) => !isText(value[field]));
    return `the object has no ${missing.join(' and no ')}`;
  }
  if (!isRecord(metadata)) return `metadata of the ${kind} is not an object`;
  const { name, generateName } = metadata;
  const namespace = metadata.namespace ?? undefined;
  if (!isText(name) && !isText(generateName)) return `the ${kind} has no metadata.name`;
  if (namespace !== undefined && !isText(namespace)) return `metadata.namespace of the ${kind} is not a text`;
  return { ...value, apiVersion, kind, metadata: { ...metadata } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function lineIn(document: Document, path: FieldPath, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range?.[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    } else break;
  }
  return lines.linePos(offset).line;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
