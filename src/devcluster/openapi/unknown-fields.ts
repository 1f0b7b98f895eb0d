import { apiName, type Model, type Models, type TypeRef } from './models.ts';

/** Numbers are read as quantities here, though the models say string: `type.field`. */
const quantities: ReadonlySet<string> = new Set([
  'EmptyDirVolumeSource.sizeLimit',
  'MetricTarget.averageValue',
  'MetricTarget.value',
  'MetricValueStatus.averageValue',
  'MetricValueStatus.value',
  'ResourceFieldSelector.divisor',
]);

/** Maps of quantities are named so wherever they stand. */
const quantityMaps =
  /^(limits|requests|capacity|allocatable|allocatedResources|hard|used|min|max|default|defaultRequest|maxLimitRequestRatio|overhead|podFixed)$/;

export interface FieldProblems {
  /** Each worded as upstream's strict decoder does: `unknown field "spec.foo"`. */
  readonly unknown: readonly string[];
  /** The first value of a wrong type, worded as upstream's decoder does. Upstream refuses it whatever is asked. */
  readonly wrongType: string | undefined;
}

/** Holds an object against the models. Unknown kinds have no problems. */
export function fieldProblems(
  models: Models,
  apiVersion: string,
  kind: string,
  object: object,
): FieldProblems {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const model = models.ofKind(group, version, kind);
  const found: Found = { models, unknown: [], wrongType: undefined };
  if (model !== undefined) checkModel(found, model, object, '');
  return { unknown: found.unknown, wrongType: found.wrongType };
}

interface Found {
  readonly models: Models;
  readonly unknown: string[];
  wrongType: string | undefined;
}

function checkModel(found: Found, model: Model, object: object, path: string): void {
  for (const [name, value] of Object.entries(object)) {
    const property = model.properties.get(name);
    const at = path === '' ? name : `${path}.${name}`;
    if (property === undefined) {
      found.unknown.push(`unknown field "${at}"`);
      continue;
    }
    const owner = apiName(model.name);
    if (quantities.has(`${owner}.${name}`) || (property.type.kind === 'map' && quantityMaps.test(name)))
      continue;
    check(found, property.type, value, {
      path: at,
      goPath: `${owner}.${withoutIndices(at)}`,
      format: property.format,
    });
  }
}

interface Place {
  readonly path: string;
  readonly goPath: string;
  readonly format: string;
}

function check(found: Found, type: TypeRef, value: unknown, place: Place): void {
  if (value === null || value === undefined || type.kind === 'any') return;
  if (!fits(type, value)) {
    found.wrongType ??= `json: cannot unmarshal ${jsonType(value)} into Go struct field ${place.goPath} of type ${goType(type, place.format)}`;
    return;
  }
  if (type.kind === 'model') {
    const model = found.models.get(type.name);
    if (model !== undefined) checkModel(found, model, Object(value), place.path);
  } else if (type.kind === 'list' && Array.isArray(value)) {
    value.forEach((item, index) => {
      check(found, type.of, item, { ...place, path: `${place.path}[${index}]` });
    });
  } else if (type.kind === 'map') {
    for (const [key, item] of Object.entries(Object(value)))
      check(found, type.of, item, { ...place, path: `${place.path}.${key}` });
  }
}

function fits(type: TypeRef, value: unknown): boolean {
  switch (type.kind) {
    case 'int-or-string':
      return typeof value === 'string' || typeof value === 'number';
    case 'string':
    case 'time':
      return typeof value === 'string';
    case 'boolean':
    case 'number':
      return typeof value === type.kind;
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'model':
      return typeof value === 'object' && !Array.isArray(value);
    case 'any':
      return true;
  }
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function goType(type: TypeRef, format: string): string {
  switch (type.kind) {
    case 'boolean':
      return 'bool';
    case 'number':
      return format === 'double' ? 'float64' : format || 'int64';
    case 'time':
      return 'string';
    case 'list':
      return `[]${goType(type.of, format)}`;
    case 'map':
      return `map[string]${goType(type.of, format)}`;
    case 'model':
      return `v1.${apiName(type.name)}`;
    default:
      return type.kind;
  }
}

function withoutIndices(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '');
}
