import { ApiError, badRequest } from '../store/api-error.ts';
import { isRecord } from '../store/json.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { fieldPredicate, labelPredicate, type Predicate } from '../store/selectors.ts';
import type { StoredObject } from '../store/store.ts';
import type { Answer } from './answer.ts';
import type { Call } from './exchange.ts';

/** Namespace, label and field selector in one; undefined when everything is selected. */
export function selection(call: Call): Predicate | undefined {
  const { namespace, name, query, resource } = call;
  const tests: Predicate[] = [];
  if (namespace !== undefined) tests.push((object) => object.metadata.namespace === namespace);
  if (name !== undefined) tests.push((object) => object.metadata.name === name);
  const fields = fieldPredicate(query.get('fieldSelector') ?? '', resource);
  const labels = labelPredicate(query.get('labelSelector') ?? '');
  if (fields !== undefined) tests.push(fields);
  if (labels !== undefined) tests.push(labels);
  const [first, second] = tests;
  if (second === undefined) return first;
  return (object) => tests.every((test) => test(object));
}

/** All objects, or one page of them; the pages of a list show the same moment. */
export function list(store: MemoryStore, call: Call): Answer {
  const { query, resource } = call;
  const matches = selection(call);
  const limit = count(query.get('limit'), 'limit') ?? 0;
  const token = query.get('continue') ?? '';
  const page = token === '' ? { version: moment(store, query), after: '' } : decodeToken(token);
  const selected = store
    .snapshot(resource.id, page.version)
    .filter(([key, object]) => key > page.after && (matches?.(object) ?? true));
  const onPage = limit > 0 ? selected.slice(0, limit) : selected;
  const last = onPage.at(-1)?.[0];
  const more = onPage.length < selected.length && last !== undefined;
  const version = page.version ?? store.version;
  return {
    type: 'list',
    resource,
    items: onPage.map(([, object]) => object),
    metadata: {
      resourceVersion: String(version),
      ...(more && {
        continue: encodeToken(version, last),
        remainingItemCount: selected.length - onPage.length,
      }),
    },
  };
}

/** Everything that the call selects, now. */
export function selectAll(store: MemoryStore, call: Call): Readonly<StoredObject>[] {
  const matches = selection(call);
  return store
    .snapshot(call.resource.id)
    .flatMap(([, object]) => ((matches?.(object) ?? true) ? [object] : []));
}

/** The version at which to read; undefined = now. */
function moment(store: MemoryStore, query: URLSearchParams): number | undefined {
  const wanted = resourceVersion(query);
  if (wanted === undefined || wanted === 0) return undefined;
  if (wanted > store.version) throw tooLarge(wanted, store.version);
  return query.get('resourceVersionMatch') === 'Exact' ? wanted : undefined;
}

function tooLarge(wanted: number, current: number): ApiError {
  const message = `Too large resource version: ${wanted}, current: ${current}`;
  return new ApiError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function resourceVersion(query: URLSearchParams): number | undefined {
  const given = query.get('resourceVersion') ?? '';
  if (given === '') return undefined;
  if (!/^\d{1,15}$/.test(given)) {
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(given)}: must be a number`);
  }
  return Number(given);
}

export function count(given: string | null, what: string): number | undefined {
  if (given === null || given === '') return undefined;
  if (!/^\d{1,9}$/.test(given))
    throw badRequest(`${what}: Invalid value: ${JSON.stringify(given)}: must be a number`);
  return Number(given);
}

function encodeToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ version, after })).toString('base64url');
}

function decodeToken(token: string): { readonly version: number; readonly after: string } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isRecord(parsed) && typeof parsed.version === 'number' && typeof parsed.after === 'string') {
      return { version: parsed.version, after: parsed.after };
    }
  } catch {
    // Falls through to the one answer for every token that is not ours.
  }
  throw badRequest('continue key is not valid: it is not a token of this server');
}
