import * as clientNode from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { nodeHandledFields } from './node-handled-fields.ts';
import { type Rule, subjectOf } from './rule.ts';
import { rules } from './rules.ts';

interface ModelField {
  readonly baseName: string;
  readonly type: string;
}

/** A field without fields of its own. */
interface Leaf {
  /** Such as `spec.containers.env.name`. */
  readonly path: string;
  readonly type: string;
  /** For each step of the path: is it a list? */
  readonly steps: readonly { readonly name: string; readonly list: boolean }[];
}

function fieldsOf(type: string): readonly ModelField[] | undefined {
  const model: unknown = Object.entries(clientNode).find(([name]) => name === type)?.[1];
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined;
  const { getAttributeTypeMap } = model;
  return typeof getAttributeTypeMap === 'function' ? getAttributeTypeMap.call(model) : undefined;
}

function leavesOf(type: string, steps: Leaf['steps']): Leaf[] {
  const item = /^Array<(.*)>$/.exec(type)?.[1];
  const fields = fieldsOf(item ?? type);
  const here = steps.map(({ name }) => name).join('.');
  if (fields === undefined || steps.length > 12) return [{ path: here, type, steps }];
  const [last] = steps.slice(-1);
  const through = last === undefined ? steps : [...steps.slice(0, -1), { ...last, list: item !== undefined }];
  return fields.flatMap((field) => leavesOf(field.type, [...through, { name: field.baseName, list: false }]));
}

const leaves = leavesOf('V1PodSpec', [{ name: 'spec', list: false }]);

/** `container.` in a rule stands for the three kinds of containers. */
function isBelow(path: string, field: string): boolean {
  const forms = field.startsWith('container.')
    ? ['containers', 'initContainers', 'ephemeralContainers'].map((list) =>
        field.replace('container', `spec.${list}`),
      )
    : [field];
  return forms.some((form) => path === form || path.startsWith(`${form}.`));
}

/** The rules that answer for a field, those that name it most exactly. */
function rulesFor(path: string): Rule[] {
  const claims = rules.flatMap((rule) =>
    rule.fields
      .filter((field) => isBelow(path, field))
      .map((field) => ({ rule, length: field.split('.').length + (field.startsWith('container.') ? 1 : 0) })),
  );
  const longest = Math.max(...claims.map(({ length }) => length));
  return claims.filter(({ length }) => length === longest).map(({ rule }) => rule);
}

/** A value that is no default. */
function sample({ path, type }: Leaf): unknown {
  const name = path.split('.').at(-1) ?? '';
  if (path.endsWith('.exitCodes.operator')) return 'In';
  if (/^spec\.initContainers\.restartPolicy$/.test(path)) return 'Always';
  const special: Record<string, unknown> = {
    hostUsers: false,
    allowPrivilegeEscalation: false,
    supplementalGroupsPolicy: 'Strict',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    recursiveReadOnly: 'Enabled',
    limits: { cpu: '1' },
    requests: { cpu: '1' },
  };
  if (Object.hasOwn(special, name)) return special[name];
  if (type === 'boolean') return true;
  if (type === 'number') return 7;
  if (type === 'Array<number>') return [7];
  if (type.startsWith('Array<')) return ['x'];
  if (type.startsWith('{')) return { x: 'x' };
  return 'x';
}

/** A Pod in which nothing is set but this one field. */
function podWith(leaf: Leaf): Pod {
  let value = sample(leaf);
  for (const { name, list } of leaf.steps.toReversed()) value = { [name]: list ? [named(value)] : value };
  const { spec } = value as { spec: object };
  return { metadata: {}, spec: { containers: [], ...spec } } as Pod;
}

/** List items that are objects have a name, as the API server sees to it. */
function named(item: unknown): unknown {
  return typeof item === 'object' ? { name: 'x', ...item } : item;
}

test('the API has the fields that are looked for', () => {
  expect(leaves.length).toBeGreaterThan(800);
  const handled = nodeHandledFields.map(({ field }) => field);
  const claimed = [...rules.flatMap(({ fields }) => fields), ...handled].filter(
    (field) => !field.startsWith('metadata.'),
  );
  const strangers = claimed.filter((field) => !leaves.some(({ path }) => isBelow(path, field)));
  expect(strangers).toEqual([]);
});

test('there is no fourth kind: every field of a Pod has a rule or is the business of the node', () => {
  const orphans = leaves
    .map(({ path }) => path)
    .filter(
      (path) => rulesFor(path).length === 0 && !nodeHandledFields.some(({ field }) => isBelow(path, field)),
    );
  expect(orphans).toEqual([]);
});

test('no field is both', () => {
  const both = nodeHandledFields.filter(({ field }) =>
    rules.some((rule) => rule.fields.some((claimed) => isBelow(claimed, field) || isBelow(field, claimed))),
  );
  expect(both).toEqual([]);
});

test('a field that a rule answers for is noticed by it, whatever stands around it', () => {
  const unseen = leaves.flatMap((leaf) => {
    const claiming = rulesFor(leaf.path);
    if (claiming.length === 0) return [];
    const pod = podWith(leaf);
    return claiming.some((rule) => rule.find(pod).length > 0)
      ? []
      : [`${leaf.path} (${claiming.map(subjectOf).join(', ')})`];
  });
  expect(unseen).toEqual([]);
});
