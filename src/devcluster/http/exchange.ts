import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, badRequest } from '../store/api-error.ts';
import { dropNulls, isRecord, type Json } from '../store/json.ts';
import type { ServedResource } from '../store/resource-table.ts';
import { applyPatchType, unsupportedMediaType } from './patch.ts';
import { decodeProtobuf, protobufType } from './protobuf.ts';
import type { User } from './tokens.ts';

/** One request, authenticated. */
export interface Exchange {
  readonly method: string;
  /** Not decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
  /** When the client asks for another protocol: its connection, and what it has sent of that already. */
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
}

/** A request that names a resource of the table. */
export interface Call extends Exchange {
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What stands behind the subresource, with its slash; '' when nothing does. */
  readonly rest: string;
}

const maxBodyBytes = 3 * 1024 * 1024;

export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

/** The body, parsed; undefined when there is none. Anything but JSON and YAML is 415. */
export async function readBody(exchange: Exchange): Promise<unknown> {
  const { request } = exchange;
  const type = mediaType(request);
  const bytes = await readAll(request);
  if (bytes.length === 0) return undefined;
  if (type === protobufType) return decodeProtobuf(bytes);
  const source = bytes.toString('utf8');
  const yaml = type === 'application/yaml' || type === applyPatchType;
  if (!yaml && type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw unsupportedMediaType(type, ['application/json', 'application/yaml']);
  }
  try {
    if (!yaml || /^\s*[{[]/.test(source)) return JSON.parse(source);
  } catch (error) {
    if (!yaml) throw badRequest(`couldn't parse the request body as JSON: ${messageOf(error)}`);
  }
  const { parse } = await import('yaml');
  try {
    return parse(source, { version: '1.1', maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`error decoding YAML: ${messageOf(error)}`);
  }
}

/** Leaves the stream open when it is too long: the answer has to go out on the same connection. */
function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else {
        const why = `Request entity too large: limit is ${maxBodyBytes}`;
        reject(new ApiError(413, 'RequestEntityTooLarge', why));
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

/** The body as one object, nulls dropped as the real server's decoder does. */
export async function readObject(exchange: Exchange): Promise<Json> {
  const body = await readBody(exchange);
  if (!isRecord(body)) throw badRequest('the body of the request must be one object');
  dropNulls(body);
  return body;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
