import { type ApiError, badRequest, conflict } from '../store/api-error.ts';
import { type Json, record, records, rfc3339, text } from '../store/json.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { DeleteRequest, StoredObject } from '../store/store.ts';
import type { Answer } from './answer.ts';
import { type Call, readObject } from './exchange.ts';
import { live, type ObjectDeps, options } from './objects.ts';

/** pods/binding: puts an unbound Pod on a node (pkg/registry/core/pod/storage BindingREST). */
export async function bind(deps: ObjectDeps, call: Call): Promise<Answer> {
  const binding = await readObject(call);
  const metadata = record(binding.metadata);
  const name = call.name ?? text(metadata.name) ?? '';
  const target = record(binding.target);
  const nodeName = text(target.name);
  if (nodeName === undefined || (target.kind ?? 'Node') !== 'Node') {
    throw badRequest('target.name: Required value: the name of the Node to bind to');
  }
  const pods = podCall(call, name);
  const pod = live(deps.store, pods);
  const refuse = (why: string): ApiError => conflict('pods/binding', name, why);
  if (text(metadata.uid) !== undefined && metadata.uid !== pod.metadata.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  }
  const spec = record(pod.spec);
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (text(spec.nodeName) !== undefined) {
    throw refuse(`pod ${name} is already assigned to node "${spec.nodeName}"`);
  }
  if (records(spec.schedulingGates).length > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const bound = {
    ...pod,
    metadata: {
      ...pod.metadata,
      annotations: { ...pod.metadata.annotations, ...record(metadata.annotations) },
    },
    spec: { ...spec, nodeName },
    status: withCondition(record(pod.status), { type: 'PodScheduled', status: 'True' }, deps.now()),
  };
  deps.store.replace('pods', bound, { ...options(deps, pods), subresource: 'binding' });
  return success(201);
}

/** pods/eviction: a DELETE that says why. Disruption budgets are not kept. */
export async function evict(deps: ObjectDeps, call: Call): Promise<Answer> {
  const eviction = await readObject(call);
  const { store } = deps;
  const pod = live(store, call);
  const wish = record(eviction.deleteOptions);
  const { uid } = record(wish.preconditions);
  const request: DeleteRequest = {
    ...(typeof wish.gracePeriodSeconds === 'number' && { gracePeriodSeconds: wish.gracePeriodSeconds }),
    ...(typeof uid === 'string' && { uid }),
  };
  const { dryRun = false } = options(deps, call);
  if (!dryRun) markDisrupted(store, pod, deps.now());
  store.delete('pods', pod.metadata.namespace, pod.metadata.name, request, { dryRun });
  return success(201);
}

function markDisrupted(store: MemoryStore, pod: Readonly<StoredObject>, now: number): void {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  store.replace(
    'pods',
    { ...pod, status: withCondition(record(pod.status), condition, now) },
    { subresource: 'status' },
  );
}

function withCondition(status: Json, condition: Json, now: number): Json {
  const others = records(status.conditions).filter((one) => one.type !== condition.type);
  return { ...status, conditions: [...others, { ...condition, lastTransitionTime: rfc3339(now) }] };
}

/** The older way to bind, POST .../bindings, names the Pod in the body. */
function podCall(call: Call, name: string): Call {
  return { ...call, name, subresource: 'binding' };
}

function success(code: number): Answer {
  return {
    type: 'json',
    code,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code },
  };
}
