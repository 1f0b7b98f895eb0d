import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuiltInGroup } from '../schema/list-keys.ts';

/** A type as client-node's generated code writes it, taken apart. */
export type TypeRef =
  | { readonly kind: 'string' | 'boolean' | 'number' | 'any' | 'time' | 'int-or-string' }
  | { readonly kind: 'list' | 'map'; readonly of: TypeRef }
  | { readonly kind: 'model'; readonly name: string };

export interface Property {
  /** The name on the wire. */
  readonly name: string;
  readonly type: TypeRef;
  /** int32, int64, double, byte or ''. */
  readonly format: string;
  readonly description: string;
  readonly required: boolean;
}

/** One struct of the API. */
export interface Model {
  /** The class: `V1PodSpec`. */
  readonly name: string;
  readonly description: string;
  readonly properties: ReadonlyMap<string, Property>;
}

/**
 * The API's structs, read from the text of client-node's generated model files, one file at a time and only when asked
 * for: loading the package as a module costs 90 MB. Names, types and formats come from the attribute map in the
 * JavaScript, descriptions and what is required from the declarations.
 */
export class Models {
  readonly #folder: string;
  readonly #read = new Map<string, Model | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get(name: string): Model | undefined {
    if (!this.#read.has(name)) this.#read.set(name, readModel(this.#folder, name));
    return this.#read.get(name);
  }

  /** The model of a kind: `V1Pod`, or with its group where the name alone is taken: `CoreV1Event`. */
  ofKind(group: string, version: string, kind: string): Model | undefined {
    if (!isBuiltInGroup(group)) return undefined;
    const name = `${capital(version)}${kind}`;
    return (
      this.get(name) ?? this.get(`${capital(group === '' ? 'core' : (group.split('.')[0] ?? ''))}${name}`)
    );
  }
}

/** Where the installed client-node keeps its models. */
export function clientNodeModels(): string {
  const entry = fileURLToPath(import.meta.resolve('@kubernetes/client-node'));
  return path.join(path.dirname(entry), 'gen', 'models');
}

/** The type's name in the API: `V1PodSpec` is `PodSpec`, `CoreV1Event` is `Event`. */
export function apiName(model: string): string {
  return model.replace(/^(?:[A-Z][a-z]+)?V\d+(?:(?:alpha|beta)\d+)?/, '');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

interface Attribute {
  readonly baseName: string;
  readonly name: string;
  readonly type: string;
  readonly format: string;
}

function readModel(folder: string, name: string): Model | undefined {
  const code = path.join(folder, `${name}.js`);
  if (!existsSync(code)) return undefined;
  const list = /\.attributeTypeMap = (\[[\s\S]*?\n?\]);/.exec(readFileSync(code, 'utf8'))?.[1];
  if (list === undefined) return undefined;
  const attributes: Attribute[] = JSON.parse(list);
  const declared = readDeclaration(path.join(folder, `${name}.d.ts`));
  const properties = attributes.map(({ baseName, name: field, type, format }): [string, Property] => {
    const { description = '', required = false } = declared.fields.get(field) ?? {};
    return [baseName, { name: baseName, type: parseType(type), format, description, required }];
  });
  return { name, description: declared.description, properties: new Map(properties) };
}

export function parseType(text: string): TypeRef {
  const list = /^Array<(.*)>$/.exec(text)?.[1];
  if (list !== undefined) return { kind: 'list', of: parseType(list) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(text)?.[1];
  if (map !== undefined) return { kind: 'map', of: parseType(map) };
  switch (text) {
    case 'string':
    case 'boolean':
    case 'number':
      return { kind: text };
    case 'any':
      return { kind: 'any' };
    case 'Date':
    case 'V1MicroTime':
      return { kind: 'time' };
    case 'IntOrString':
      return { kind: 'int-or-string' };
    default:
      return { kind: 'model', name: text };
  }
}

interface Declaration {
  readonly description: string;
  readonly fields: ReadonlyMap<string, { readonly description: string; readonly required: boolean }>;
}

function readDeclaration(file: string): Declaration {
  const text = readFileSync(file, 'utf8');
  const [head = '', body = ''] = text.split('export declare class');
  const fields = new Map<string, { description: string; required: boolean }>();
  for (const match of body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {4}'([^']+)'(\?)?:/gm)) {
    const [, comment = '', field = '', optional] = match;
    fields.set(field, { description: plain(comment), required: optional === undefined });
  }
  const comments = [...head.matchAll(/\/\*\*([\s\S]*?)\*\//g)];
  // The first comment is the licence head of the generated file.
  return { description: plain(comments.length > 1 ? (comments.at(-1)?.[1] ?? '') : ''), fields };
}

function plain(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  return lines
    .join('\n')
    .trim()
    .replaceAll(/\\(["'`])/g, '$1');
}
