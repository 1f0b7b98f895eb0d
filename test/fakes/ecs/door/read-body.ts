import type { IncomingMessage } from 'node:http';
import { ServiceError } from './service-error.ts';

const maxBytes = 4 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxBytes)
      throw new ServiceError('RequestEntityTooLargeException', 'too large', { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function readJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    throw new ServiceError('SerializationException', 'The request is not JSON');
  }
}
