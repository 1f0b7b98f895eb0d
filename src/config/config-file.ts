import { Ajv, type ErrorObject } from 'ajv';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { booleanKeys } from './boolean-keys.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import { ConfigError } from './settings.ts';

const maxBytes = 1024 * 1024;

/** A place in a file: names of keys, and numbers of items. */
export type ConfigPath = readonly (string | number)[];

/** What a file says, and where. */
export interface ConfigSource {
  readonly file: string;
  readonly config: ConfigFile;
  /** `burstlet.yaml:7: nodes[0].name`: the line of the key, or of the nearest thing around it that is there. */
  at(...path: ConfigPath): string;
}

/**
 * Reads the text of a burstlet.yaml. Everything wrong with its shape is reported at once, each with file, line and key.
 * `file` is only for the messages.
 */
export function parseConfigFile(text: string, file: string): ConfigSource {
  if (Buffer.byteLength(text) > maxBytes) throw new ConfigError(`${file}: larger than ${maxBytes} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw new ConfigError(`${file}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
  const misread = booleanKeys(document, lines);
  if (misread.length > 0)
    throw new ConfigError(misread.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile<ConfigFile>(
    configSchema,
  );
  const at = (...path: ConfigPath): string =>
    `${file}:${lineOf(path.map(String), document, lines)}: ${keyOf(path.map(String))}`;
  if (validate(value)) return { file, config: value, at };
  const messages = (validate.errors ?? []).map((error) => describe(error, at));
  throw new ConfigError([...new Set(messages)].join('\n'));
}

function describe(error: ErrorObject, at: ConfigSource['at']): string {
  const path = error.instancePath.split('/').slice(1).map(unescapeToken);
  const unknown: unknown = error.params.additionalProperty;
  if (typeof unknown === 'string') path.push(unknown);
  const where = at(...path);
  switch (error.keyword) {
    case 'additionalProperties':
      return `${where}: unknown key; known here: ${knownKeys(error).join(', ')}`;
    case 'required':
      return `${where}: the key "${String(error.params.missingProperty)}" is missing`;
    case 'const':
      return `${where}: must be ${String(error.params.allowedValue)}`;
    case 'enum':
      return `${where}: must be one of ${error.params.allowedValues.join(', ')}`;
    default:
      return `${where}: ${error.message ?? 'is not valid'}`;
  }
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function keyOf(path: readonly string[]): string {
  const added = (key: string, part: string): string => {
    if (/^\d+$/.test(part)) return `${key}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${key}["${part}"]`;
    return key === '' ? part : `${key}.${part}`;
  };
  return path.reduce(added, '') || '(file)';
}

/** The line of the key, or of the nearest thing around it that the file has. */
function lineOf(path: readonly string[], document: Document, lines: LineCounter): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const found = document.getIn(path.slice(0, depth).map(index), true);
    const start = isNode(found) ? found.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function index(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}

function knownKeys(error: ErrorObject): string[] {
  const schema: unknown = error.parentSchema ?? schemaAt(error.schemaPath);
  const properties =
    typeof schema === 'object' && schema !== null && 'properties' in schema ? schema.properties : {};
  return Object.keys(properties ?? {});
}

/** The schema that holds the keyword at the end of an ajv schema path. */
function schemaAt(schemaPath: string): unknown {
  let at: unknown = configSchema;
  for (const part of schemaPath.split('/').slice(1, -1).map(unescapeToken)) {
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined;
  }
  return at;
}
