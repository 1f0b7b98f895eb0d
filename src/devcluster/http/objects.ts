import { applyPatch, trackUpdate } from '../apply/index.ts';
import type { OpenApi } from '../openapi/index.ts';
import { badRequest, notFound } from '../store/api-error.ts';
import { isRecord, type Json, record } from '../store/json.ts';
import type { MemoryStore, WriteOptions } from '../store/memory-store.ts';
import type { DeleteRequest, StoredObject } from '../store/store.ts';
import type { Answer } from './answer.ts';
import { groupVersion } from './answer.ts';
import { type Call, mediaType, readBody, readObject } from './exchange.ts';
import { selectAll } from './lists.ts';
import { applyPatchType, patched } from './patch.ts';
import { shown, storable } from './views.ts';

export interface ObjectDeps {
  readonly store: MemoryStore;
  readonly now: () => number;
  readonly openApi: Pick<OpenApi, 'fieldProblems'>;
}

type Subresource = NonNullable<WriteOptions['subresource']>;
const writable: readonly Subresource[] = ['status', 'finalize', 'ephemeralcontainers'];

export function get({ store }: ObjectDeps, call: Call): Answer {
  return answer(call, 200, live(store, call));
}

export async function create(deps: ObjectDeps, call: Call): Promise<Answer> {
  const object = await readObject(call);
  const metadata = record(object.metadata);
  checkIdentity(call, object, metadata);
  checkFields(deps, call, object);
  if (call.resource.namespaced) metadata.namespace = call.namespace;
  object.metadata = metadata;
  return answer(
    call,
    201,
    deps.store.insert(call.resource.id, storable(call.resource, object), options(deps, call)),
  );
}

export async function update(deps: ObjectDeps, call: Call): Promise<Answer> {
  const object = await readObject(call);
  const metadata = record(object.metadata);
  checkIdentity(call, object, metadata);
  checkFields(deps, call, object);
  metadata.name ??= call.name;
  if (metadata.name !== call.name) {
    throw badRequest(
      `the name of the object (${String(metadata.name)}) does not match the name on the URL (${call.name})`,
    );
  }
  if (call.resource.namespaced) metadata.namespace = call.namespace;
  object.metadata = metadata;
  const wanted = storable(call.resource, object);
  return answer(
    call,
    200,
    deps.store.replace(call.resource.id, restricted(deps, call, wanted), options(deps, call)),
  );
}

export async function patch(deps: ObjectDeps, call: Call): Promise<Answer> {
  const { store } = deps;
  const { resource } = call;
  const type = mediaType(call.request);
  const body = await readBody(call);
  if (type === applyPatchType) return apply(deps, call, body);
  const before = live(store, call);
  const next = patched(shown(resource, before), body, type);
  checkFields(deps, call, next);
  const { name, namespace } = record(next.metadata);
  if (name !== call.name || (resource.namespaced && namespace !== call.namespace)) {
    throw badRequest('the name and the namespace of an object may not be changed');
  }
  // Defaulting works in place and must not reach parts that the patch shares with the live object.
  const defaulted = call.subresource === undefined || call.subresource === 'ephemeralcontainers';
  const own = defaulted ? structuredClone(next) : next;
  const wanted = restricted(deps, call, storable(resource, own));
  return answer(call, 200, store.replace(resource.id, wanted, options(deps, call)));
}

async function apply(deps: ObjectDeps, call: Call, body: unknown): Promise<Answer> {
  const { store } = deps;
  const { resource, name = '', subresource, query } = call;
  if (!isRecord(body)) throw badRequest('the applied configuration must be an object');
  const manager = query.get('fieldManager') ?? '';
  if (manager === '') throw badRequest('fieldManager is required for apply patch');
  const metadata = record(body.metadata);
  checkIdentity(call, body, metadata);
  checkFields(deps, call, body);
  if (metadata.name !== undefined && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`,
    );
  }
  const configuration = {
    apiVersion: groupVersion(resource),
    kind: resource.kind,
    ...body,
    metadata: { ...metadata, name, ...(resource.namespaced && { namespace: call.namespace }) },
  };
  const existing = store.get(resource.id, call.namespace, name);
  if (existing === undefined && subresource !== undefined) throw notFound(resource.id, name);
  const request = {
    live: existing,
    patch: configuration,
    manager,
    force: query.get('force') === 'true',
    now: deps.now(),
    subresource,
  };
  const applied = structuredClone(applyPatch(request));
  // applyPatch has done the book-keeping already.
  const { track: _track, ...write } = options(deps, call);
  if (existing !== undefined)
    return answer(call, 200, store.replace(resource.id, restricted(deps, call, applied), write));
  return answer(call, 201, store.insert(resource.id, applied, write));
}

export async function remove({ store }: ObjectDeps, call: Call): Promise<Answer> {
  const { resource, namespace, name = '' } = call;
  const { request, dryRun } = await deleteOptions(call);
  const { object, gone } = store.delete(resource.id, namespace, name, request, { dryRun });
  if (!gone) return answer(call, 200, object);
  const details = {
    name,
    ...(resource.group !== '' && { group: resource.group }),
    kind: resource.plural,
    uid: object.metadata.uid,
  };
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  return { type: 'json', code: 200, body };
}

export async function removeAll({ store }: ObjectDeps, call: Call): Promise<Answer> {
  const { resource } = call;
  const { request, dryRun } = await deleteOptions(call);
  const items = selectAll(store, call);
  for (const { metadata } of items) {
    store.delete(resource.id, metadata.namespace, metadata.name, request, { dryRun });
  }
  const metadata = { resourceVersion: String(store.version) };
  return { type: 'list', resource, items, metadata };
}

/** The stored object that the call names. */
export function live(store: MemoryStore, { resource, namespace, name = '' }: Call): Readonly<StoredObject> {
  const found = store.get(resource.id, namespace, name);
  if (found === undefined) throw notFound(resource.id, name);
  return found;
}

/** Dry run, the subresource, and who is to own the fields that the write changes. */
export function options({ now }: ObjectDeps, call: Call): WriteOptions {
  const { query, request, subresource } = call;
  const dryRun = isDryRun(query.getAll('dryRun'));
  const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? '';
  const manager = (query.get('fieldManager') || agent).slice(0, 128);
  const known = writable.find((name) => name === subresource);
  return {
    dryRun,
    ...(known && { subresource: known }),
    track: (before, after) =>
      trackUpdate({ before, after, manager, operation: 'Update', subresource, now: now() }),
  };
}

function isDryRun(given: readonly string[]): boolean {
  const unknown = given.find((value) => value !== 'All');
  if (unknown !== undefined)
    throw badRequest(`dryRun: Unsupported value: "${unknown}": supported values: "All"`);
  return given.length > 0;
}

/** Subresources other than status own a part of the spec; the rest of it stays as it is. */
function restricted({ store }: ObjectDeps, call: Call, wanted: Json): Json {
  if (call.subresource !== 'ephemeralcontainers' && call.subresource !== 'finalize') return wanted;
  const field = call.subresource === 'finalize' ? 'finalizers' : 'ephemeralContainers';
  const spec = { ...record(live(store, call).spec), [field]: record(wanted.spec)[field] };
  return { ...wanted, spec };
}

async function deleteOptions(
  call: Call,
): Promise<{ readonly request: DeleteRequest; readonly dryRun: boolean }> {
  const { query } = call;
  const body = record(await readBody(call));
  const preconditions = record(body.preconditions);
  const grace = body.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined;
  if (grace !== undefined && !Number.isInteger(Number(grace))) {
    throw badRequest(
      `gracePeriodSeconds: Invalid value: ${JSON.stringify(grace)}: must be a whole number of seconds`,
    );
  }
  const orphan = body.orphanDependents === true || query.get('orphanDependents') === 'true';
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? (orphan ? 'Orphan' : undefined);
  if (policy !== undefined && policy !== 'Foreground' && policy !== 'Background' && policy !== 'Orphan') {
    throw badRequest(
      `propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan"`,
    );
  }
  const { uid, resourceVersion } = preconditions;
  const dryRun = [...query.getAll('dryRun'), ...(Array.isArray(body.dryRun) ? body.dryRun.map(String) : [])];
  return {
    request: {
      ...(grace !== undefined && { gracePeriodSeconds: Number(grace) }),
      ...(policy !== undefined && { propagationPolicy: policy }),
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    },
    dryRun: isDryRun(dryRun),
  };
}

function checkIdentity(call: Call, object: Json, metadata: Json): void {
  const { resource, namespace } = call;
  const { kind = resource.kind, apiVersion = groupVersion(resource) } = object;
  if (kind !== resource.kind || apiVersion !== groupVersion(resource)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind} in ${groupVersion(resource)}, is ${String(kind)} in ${String(apiVersion)})`,
    );
  }
  if (resource.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/**
 * Values of a wrong type are refused. Fields that the kind does not have are refused with `fieldValidation=Strict`,
 * told of with `Warn` (the default) and passed over with `Ignore`.
 */
function checkFields({ openApi }: ObjectDeps, call: Call, object: object): void {
  const { resource, response, query, subresource } = call;
  if (subresource !== undefined) return;
  const { unknown, wrongType } = openApi.fieldProblems(groupVersion(resource), resource.kind, object);
  const mode = query.get('fieldValidation') || 'Warn';
  const strict = mode === 'Strict' && unknown.length > 0;
  if (wrongType !== undefined || strict) {
    const why = wrongType ?? `strict decoding error: ${unknown.join(', ')}`;
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`,
    );
  }
  if (mode !== 'Warn' || unknown.length === 0) return;
  // A header takes ASCII only, and names come from the client.
  const lines = unknown.map((complaint) => JSON.stringify(complaint).replaceAll(/[^ -~]/g, '?'));
  response.setHeader(
    'warning',
    lines.map((line) => `299 - ${line}`),
  );
}

function answer(call: Call, code: number, object: Readonly<StoredObject>): Answer {
  return { type: 'object', code, resource: call.resource, object };
}
