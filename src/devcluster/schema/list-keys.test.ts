import { describe, expect, it } from 'vitest';
import { apiName, clientNodeModels, type Model, Models, type TypeRef } from '../openapi/models.ts';
import { fieldRule, itemRule, objectRule, typeRules } from './list-keys.ts';

const models = new Models(clientNodeModels());

function modelOf(type: string): Model | undefined {
  const groups = ['', 'apps', 'discovery', 'rbac', 'events'];
  return ['v1', 'v2']
    .flatMap((version) => groups.map((group) => models.ofKind(group, version, type)))
    .find(Boolean);
}

function structIn(type: TypeRef): string | undefined {
  if (type.kind === 'model') return type.name;
  return type.kind === 'list' ? structIn(type.of) : undefined;
}

describe('the table against the API’s own structs', () => {
  const entries = Object.entries(typeRules).flatMap(([type, fields]) =>
    Object.entries(fields).map(([field, rule]) => ({ type, field, rule })),
  );

  it.each(entries)('$type.$field', ({ type, field, rule }) => {
    const candidates = [modelOf(type), models.get(`V2${type}`)];
    const property = candidates.find((model) => model?.properties.has(field))?.properties.get(field);
    expect(property, 'the field exists').toBeDefined();
    if (property === undefined) return;
    if (rule.list !== undefined || rule.patchKey !== undefined) expect(property.type.kind).toBe('list');
    const struct = structIn(property.type);
    if (rule.type !== undefined) expect(struct === undefined ? undefined : apiName(struct)).toBe(rule.type);
    const item = struct === undefined ? undefined : models.get(struct);
    for (const key of rule.keys ?? []) expect([...(item?.properties.keys() ?? [])]).toContain(key);
    if (rule.patchKey !== undefined) expect(item?.properties.has(rule.patchKey)).toBe(true);
  });
});

describe('the way down', () => {
  it('leads from a kind to the rules of its fields', () => {
    const pod = objectRule('v1', 'Pod');
    const spec = fieldRule(pod.type, 'spec');
    const container = itemRule(fieldRule(spec.type, 'containers'));
    expect(fieldRule(container.type, 'ports')).toMatchObject({
      keys: ['containerPort', 'protocol'],
      patchKey: 'containerPort',
    });
    expect(fieldRule(fieldRule(pod.type, 'metadata').type, 'finalizers')).toMatchObject({ list: 'set' });
    expect(fieldRule(spec.type, 'tolerations')).toEqual({});
  });

  it('knows which structs have one owner', () => {
    expect(fieldRule('DeploymentSpec', 'selector')).toMatchObject({ atomic: true });
    expect(itemRule(fieldRule('PodSpec', 'imagePullSecrets'))).toMatchObject({ atomic: true });
  });

  it('takes a custom resource for what it is', () => {
    const mine = objectRule('example.com/v1', 'Pod');
    expect(fieldRule(mine.type, 'spec')).toEqual({});
    expect(fieldRule(mine.type, 'metadata')).toEqual({ type: 'ObjectMeta' });
    expect(objectRule('discovery.k8s.io/v1', 'EndpointSlice')).toEqual({ type: 'EndpointSlice' });
  });
});
