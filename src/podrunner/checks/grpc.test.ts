import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grpcCheck } from './grpc.ts';

/** A health server that serves '' and 'good', and knows 'bad' as NOT_SERVING (2). */
const server = http2.createServer();
const sessions = new Set<http2.ServerHttp2Session>();
server.on('session', (session) => sessions.add(session));
server.on('stream', (stream, headers) => {
  const chunks: Buffer[] = [];
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const frame = Buffer.concat(chunks);
    const service = frame.subarray(5).subarray(2).toString();
    const known = ['', 'good', 'bad'].includes(service);
    const good =
      headers[':path'] === '/grpc.health.v1.Health/Check' && frame.readUInt32BE(1) === frame.length - 5;
    if (!known || !good) {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' },
        { endStream: true },
      );
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, service === 'bad' ? 2 : 1]));
  });
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  for (const session of sessions) session.destroy();
  server.close();
});

function check(service: string, signal = new AbortController().signal): Promise<void> {
  return grpcCheck('127.0.0.1', (server.address() as AddressInfo).port, service, signal);
}

describe('grpcCheck', () => {
  it('takes SERVING and nothing else', async () => {
    await check('');
    await check('good');
    await expect(check('bad')).rejects.toThrow('status 2, not SERVING');
    await expect(check('unknown')).rejects.toThrow('gRPC status 5');
    await expect(check('x'.repeat(300))).rejects.toThrow('gRPC status 5');
  });

  it('rejects when nobody listens, and when it is called off', async () => {
    await expect(grpcCheck('127.0.0.1', 1, '', new AbortController().signal)).rejects.toThrow('ECONNREFUSED');
    await expect(check('', AbortSignal.abort())).rejects.toThrow();
  });
});
