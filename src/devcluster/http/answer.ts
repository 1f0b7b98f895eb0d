import type { ServerResponse } from 'node:http';
import type { Clock } from '../../telemetry/clock.ts';
import { ApiError } from '../store/api-error.ts';
import type { ServedResource } from '../store/resource-table.ts';
import type { StoredObject } from '../store/store.ts';
import { type IncludeObject, type TableOptions, toTable } from '../tables/index.ts';
import type { Exchange } from './exchange.ts';
import type { Serializer } from './serializer.ts';
import { shown } from './views.ts';

/** What a handler has to say, objects as they are stored; undefined when it has written the response itself. */
export type Answer =
  | { readonly type: 'json'; readonly code: number; readonly body: object }
  | {
      readonly type: 'object';
      readonly code: number;
      readonly resource: ServedResource;
      readonly object: Readonly<StoredObject>;
    }
  | {
      readonly type: 'list';
      readonly resource: ServedResource;
      readonly items: readonly Readonly<StoredObject>[];
      readonly metadata: { readonly resourceVersion: string };
    }
  | undefined;

export interface AnswerDeps {
  readonly clock: Clock;
  readonly serializer: Serializer;
}

export function sendAnswer(exchange: Exchange, answer: Answer, { clock, serializer }: AnswerDeps): void {
  if (answer === undefined) return;
  const code = answer.type === 'list' ? 200 : answer.code;
  sendJson(exchange.response, code, bodyOf(exchange, answer, { clock, serializer }));
}

function bodyOf(exchange: Exchange, answer: NonNullable<Answer>, { clock, serializer }: AnswerDeps): string {
  if (answer.type === 'json') return JSON.stringify(answer.body);
  const table = tableWish(exchange);
  const { resource } = answer;
  if (answer.type === 'object') {
    const { object } = answer;
    if (table === undefined) return serializer.object(shown(resource, object));
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    return JSON.stringify(toTable(resource, [object], { ...table, now: clock.now(), metadata }));
  }
  const { items, metadata } = answer;
  if (table !== undefined) {
    return JSON.stringify(toTable(resource, items, { ...table, now: clock.now(), metadata }));
  }
  const head = `{"kind":"${resource.kind}List","apiVersion":"${groupVersion(resource)}","metadata":${JSON.stringify(metadata)},"items":[`;
  return `${head}${items.map((item) => serializer.object(shown(resource, item))).join(',')}]}`;
}

export function groupVersion({ group, version }: Pick<ServedResource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

export function sendJson(
  response: ServerResponse,
  code: number,
  body: string,
  type = 'application/json',
): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-cache, private',
  });
  // A string goes out in one piece with the headers.
  response.end(body);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.code === 413) response.setHeader('connection', 'close');
  const retry = error.details?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader('retry-after', String(retry));
  sendJson(response, error.code, JSON.stringify(error.toStatus()));
}

/** Does the client want a meta.k8s.io/v1 Table, and with what in its rows? The first acceptable type wins. */
export function tableWish({ request, query }: Exchange): Pick<TableOptions, 'includeObject'> | undefined {
  const accepted = (request.headers.accept ?? '').split(',').map((type) => type.trim());
  for (const type of accepted) {
    const [media, ...parameters] = type.split(';').map((part) => part.trim());
    if (media !== 'application/json' && media !== 'application/*' && media !== '*/*') continue;
    const as = parameters.find((one) => one.startsWith('as='));
    if (as === undefined) return undefined;
    if (as === 'as=Table' && parameters.includes('v=v1')) {
      return { includeObject: includeObject(query.get('includeObject')) };
    }
  }
  if (accepted[0] === '' || accepted.some((type) => type.includes('protobuf'))) return undefined;
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
  );
}

function includeObject(wish: string | null): IncludeObject {
  return wish === 'Object' || wish === 'None' ? wish : 'Metadata';
}
