import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDevCluster } from '../../devcluster/dev-cluster.ts';
import { createFetcher } from './fetcher.ts';
import type { Answer } from './observed.ts';

const ends: (() => unknown)[] = [];
const { signal } = new AbortController();
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function get(listener: RequestListener): Promise<Answer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const fetcher = createFetcher({ url: 'https://127.0.0.1:1', caPem: '', token: '' });
  ends.push(
    () => server.close(),
    () => fetcher.close(),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return fetcher.fetch({ key: 'k', about: { type: 'http', url } }, signal);
}

test('an answer is status and text', async () => {
  expect(await get((_, response) => response.writeHead(503).end('busy\n'))).toEqual({
    status: 503,
    body: 'busy\n',
  });
});

test('an endless answer is cut off', async () => {
  const endless: RequestListener = (_, response) => {
    const more = (): void => {
      while (response.writable && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more).on('error', () => undefined);
    more();
  };
  const answer = await get(endless);
  expect('body' in answer ? answer.body.length : answer).toBe(1024 * 1024);
});

test('no answer is an error', async () => {
  expect(await get((request) => request.socket.destroy())).toEqual({ error: expect.any(String) });
});

test('logs are read from the API server as its user', async () => {
  const cluster = await createDevCluster({ controllers: false });
  await cluster.start();
  const fetcher = createFetcher(cluster);
  ends.push(
    () => cluster.stop(),
    () => fetcher.close(),
  );
  const about = { type: 'log', namespace: 'default', pod: 'nobody' } as const;
  expect(await fetcher.fetch({ key: 'k', about }, signal)).toMatchObject({
    status: 404,
    body: expect.stringContaining('pods \\"nobody\\" not found'),
  });
});
