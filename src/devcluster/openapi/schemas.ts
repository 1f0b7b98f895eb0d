import { fieldRule, isAtomicType } from '../schema/list-keys.ts';
import type { ServedResource } from '../store/resource-table.ts';
import { apiName, type Model, type Models, type Property, type TypeRef } from './models.ts';

export type Schema = Readonly<Record<string, unknown>>;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Structs of apimachinery, whoever uses them. */
const metaTypes: ReadonlySet<string> = new Set([
  'V1Condition',
  'V1DeleteOptions',
  'V1FieldSelectorRequirement',
  'V1LabelSelector',
  'V1LabelSelectorRequirement',
  'V1ListMeta',
  'V1ManagedFieldsEntry',
  'V1ObjectMeta',
  'V1OwnerReference',
  'V1Preconditions',
]);

/**
 * Every struct below the served kinds, under the name that the real server gives it
 * (`io.k8s.api.core.v1.PodSpec`). A struct belongs to the first group that uses it, core first: the models do not say.
 */
export class Schemas {
  readonly #models: Models;
  readonly #names = new Map<string, string>();
  readonly #kinds = new Map<string, GroupVersionKind>();

  constructor(models: Models, resources: readonly ServedResource[]) {
    this.#models = models;
    this.#claim('V1PodTemplateSpec', 'core', 'v1');
    for (const { group, version, kind } of withSubresourceKinds(resources)) {
      const model = models.ofKind(group, version, kind);
      if (model === undefined) continue;
      this.#claim(model.name, group === '' ? 'core' : (group.split('.')[0] ?? group), version);
      this.#kinds.set(model.name, { group, version, kind });
    }
  }

  /** The schemas of these kinds and of all they contain, by name. `refs` is the place that references point to. */
  below(kinds: readonly GroupVersionKind[], refs: string): Record<string, Schema> {
    const roots = kinds.flatMap(
      ({ group, version, kind }) => this.#models.ofKind(group, version, kind)?.name ?? [],
    );
    const found = new Map<string, Schema>();
    const visit = (name: string): void => {
      const model = this.#models.get(name);
      const key = this.#names.get(name);
      if (model === undefined || key === undefined || found.has(key)) return;
      found.set(key, this.#schema(model, refs));
      for (const property of model.properties.values())
        for (const used of modelsIn(property.type)) visit(used);
    };
    roots.forEach(visit);
    return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #claim(name: string, group: string, version: string): void {
    const model = this.#models.get(name);
    if (model === undefined || this.#names.has(name)) return;
    this.#names.set(
      name,
      metaTypes.has(name)
        ? `io.k8s.apimachinery.pkg.apis.meta.v1.${apiName(name)}`
        : `io.k8s.api.${group}.${version}.${apiName(name)}`,
    );
    for (const property of model.properties.values())
      for (const used of modelsIn(property.type)) this.#claim(used, group, version);
  }

  #schema(model: Model, refs: string): Schema {
    const properties = [...model.properties.values()];
    const required = properties.filter((property) => property.required).map(({ name }) => name);
    const kind = this.#kinds.get(model.name);
    return {
      description: model.description,
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      properties: Object.fromEntries(
        properties.map((property) => [property.name, this.#property(model, property, refs)]),
      ),
      ...(isAtomicType(apiName(model.name)) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': [kind] }),
    };
  }

  #property(owner: Model, property: Property, refs: string): Schema {
    const { type, format } = property;
    const description =
      property.description || (type.kind === 'model' ? (this.#models.get(type.name)?.description ?? '') : '');
    return {
      ...(description === '' ? {} : { description }),
      ...this.#typeSchema(type, format, refs),
      ...mergeExtensions(apiName(owner.name), property),
    };
  }

  #typeSchema(type: TypeRef, format: string, refs: string): Schema {
    switch (type.kind) {
      case 'string':
        return { type: 'string', ...(format === '' ? {} : { format }) };
      case 'boolean':
        return { type: 'boolean' };
      case 'number':
        return { type: format === 'double' ? 'number' : 'integer', ...(format === '' ? {} : { format }) };
      case 'time':
        return { type: 'string', format: 'date-time' };
      case 'int-or-string':
        return { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' };
      case 'any':
        return { type: 'object' };
      case 'list':
        return { type: 'array', items: this.#typeSchema(type.of, format, refs) };
      case 'map':
        return { type: 'object', additionalProperties: this.#typeSchema(type.of, format, refs) };
      case 'model': {
        const name = this.#names.get(type.name);
        return name === undefined ? { type: 'object' } : { allOf: [{ $ref: `${refs}${name}` }], default: {} };
      }
    }
  }
}

/** How the field is merged, in the words that kubectl and server-side appliers look for. */
function mergeExtensions(owner: string, { name, type }: Property): Schema {
  const rule = fieldRule(owner, name);
  return {
    ...(type.kind === 'list' ? { 'x-kubernetes-list-type': rule.list ?? 'atomic' } : {}),
    ...(rule.keys === undefined ? {} : { 'x-kubernetes-list-map-keys': rule.keys }),
    ...(type.kind === 'map' && rule.atomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(rule.patchKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': rule.patchKey }),
    ...(rule.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': rule.patchStrategy }),
  };
}

function modelsIn(type: TypeRef): string[] {
  if (type.kind === 'model') return [type.name];
  return type.kind === 'list' || type.kind === 'map' ? modelsIn(type.of) : [];
}

function withSubresourceKinds(resources: readonly ServedResource[]): GroupVersionKind[] {
  return resources.flatMap((resource) => [resource, ...resource.subresources]);
}
