import { badRequest } from '../store/api-error.ts';
import { type Json, record } from '../store/json.ts';
import type { StoredObject } from '../store/store.ts';
import type { Answer } from './answer.ts';
import { type Call, mediaType, readBody, readObject } from './exchange.ts';
import { live, type ObjectDeps, options } from './objects.ts';
import { patched } from './patch.ts';

/** The scale subresource: autoscaling/v1 Scale read from and written to spec.replicas. */
export async function scale(deps: ObjectDeps, call: Call): Promise<Answer> {
  const { store } = deps;
  const object = live(store, call);
  if (call.method === 'GET') return { type: 'json', code: 200, body: scaleOf(object) };
  const wanted =
    call.method === 'PUT'
      ? await readObject(call)
      : patched(scaleOf(object), await readBody(call), mediaType(call.request));
  const { replicas = 0 } = record(wanted.spec);
  if (!Number.isInteger(replicas) || Number(replicas) < 0) {
    throw badRequest(
      `spec.replicas: Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
    );
  }
  const { resourceVersion, uid } = record(wanted.metadata);
  const next = {
    ...object,
    metadata: { ...object.metadata, resourceVersion: resourceVersion ?? '', uid: uid ?? object.metadata.uid },
    spec: { ...structuredClone(object.spec), replicas },
  };
  return {
    type: 'json',
    code: 200,
    body: scaleOf(store.replace(call.resource.id, next, options(deps, call))),
  };
}

function scaleOf(object: Readonly<StoredObject>): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = record(object.spec);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: record(object.status).replicas ?? 0, selector: selectorText(record(spec.selector)) },
  };
}

/** A LabelSelector as one would type it. */
function selectorText(selector: Json): string {
  const equal = Object.entries(record(selector.matchLabels)).map(([key, value]) => `${key}=${String(value)}`);
  const expressions = Array.isArray(selector.matchExpressions) ? selector.matchExpressions.map(record) : [];
  const others = expressions.map(({ key, operator, values }) => {
    if (operator === 'Exists') return String(key);
    if (operator === 'DoesNotExist') return `!${String(key)}`;
    return `${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${Array.isArray(values) ? values.join(',') : ''})`;
  });
  return [...equal, ...others].join(',');
}
