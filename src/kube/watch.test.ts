import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import type { WatchEvent, WatchOptions } from './client.ts';
import { pods } from './resources.ts';
import { createKubeClient } from './rest-client.ts';
import { anonymous } from './testing/anonymous.ts';
import { sendJson, startLoopback, statusBody, until } from './testing/loopback.ts';
import type { Pod } from './types.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

async function watching(handler: Handler, options: Partial<WatchOptions> = {}) {
  const clock = new FakeClock();
  const server = await startLoopback(handler);
  const client = createKubeClient({
    server: server.url,
    credentials: anonymous(),
    clock,
    log: silentLog,
    random: () => 0,
    maxWatchLineBytes: 100_000,
  });
  closers.push(server.close, () => client.close());
  return { clock, watch: client.watch(pods, { resourceVersion: '7', ...options }) };
}

/** The events up to the end, and the error that ended them. */
async function drain(watch: AsyncIterable<WatchEvent<Pod>>) {
  const events: string[] = [];
  try {
    for await (const event of watch)
      events.push(
        `${event.type} ${event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata?.name}`,
      );
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

function frame(type: string, name: string, filler = ''): string {
  return `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: '9' }, filler } })}\n`;
}

it('asks for bookmarks and passes version, selectors and bound', async () => {
  let url = '';
  const { watch } = await watching(
    (request, response) => {
      url = request.url ?? '';
      response.end(frame('ADDED', 'a') + frame('BOOKMARK', '') + frame('DELETED', 'a'));
    },
    { namespace: 'd', fieldSelector: 'spec.nodeName=n', timeoutSeconds: 300 },
  );
  expect(await drain(watch)).toEqual({ events: ['ADDED a', 'BOOKMARK 9', 'DELETED a'], error: undefined });
  expect(url).toBe(
    '/api/v1/namespaces/d/pods?watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300&fieldSelector=spec.nodeName%3Dn',
  );
});

it('throws the Status of an ERROR event, after the events before it', async () => {
  const object = statusBody(410, 'Expired', 'too old resource version');
  const { watch } = await watching((_request, response) =>
    response.end(`${frame('ADDED', 'a')}${JSON.stringify({ type: 'ERROR', object })}\n`),
  );
  const { events, error } = await drain(watch);
  expect(events).toEqual(['ADDED a']);
  expect(error).toMatchObject({ name: 'StatusError', code: 410, reason: 'Expired' });
});

it('throws the Status with which a watch is refused', async () => {
  const { watch } = await watching((_request, response) =>
    sendJson(response, 403, statusBody(403, 'Forbidden')),
  );
  expect((await drain(watch)).error).toMatchObject({ code: 403, reason: 'Forbidden' });
});

it('gives no event for a last line without its end, though it is whole JSON', async () => {
  const { watch } = await watching((_request, response) =>
    response.end(frame('ADDED', 'a') + frame('ADDED', 'b').trim()),
  );
  const { events, error } = await drain(watch);
  expect(events).toEqual(['ADDED a']);
  expect(error).toMatchObject({ name: 'ConnectionError', kind: 'broken' });
  expect(String(error)).toContain('watch pods');
  expect(String(error)).toContain('ended inside an event');
});

it('gives the events before a break', async () => {
  const { watch } = await watching((_request, response) =>
    response.write(`${frame('ADDED', 'a')}{"type":`, () => response.socket?.destroy()),
  );
  const { events, error } = await drain(watch);
  expect(events).toEqual(['ADDED a']);
  expect(error).toMatchObject({ kind: 'broken' });
});

it('refuses an event past the cap', async () => {
  const { watch } = await watching((_request, response) =>
    response.write(frame('ADDED', 'a', 'x'.repeat(100_000))),
  );
  expect((await drain(watch)).error).toMatchObject({
    kind: 'protocol',
    message: expect.stringContaining('longer than 100000 bytes'),
  });
});

it('counts as dead when no byte comes for the idle time, from the start on', async () => {
  let response: ServerResponse | undefined;
  const { watch, clock } = await watching(
    (_request, opened) => {
      response = opened;
      opened.write(frame('ADDED', 'a'));
    },
    { idleTimeoutMs: 1_000 },
  );
  const end = drain(watch);
  await until(() => response !== undefined);
  for (let n = 0; n < 5; n++) {
    await clock.advance(900);
    response?.write('\n');
    await settle(10);
  }
  await clock.advance(1_100);
  const { events, error } = await end;
  expect(events).toEqual(['ADDED a']);
  expect(error).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('not a byte for 1000 ms'),
  });
  expect(clock.pending).toBe(0);

  const mute = await watching(() => undefined, { idleTimeoutMs: 1_000 });
  const silence = drain(mute.watch);
  await mute.clock.advance(1_000);
  expect((await silence).error).toMatchObject({ kind: 'timeout' });
});

it('closes its connection when the reader leaves', async () => {
  let closed = false;
  const { watch, clock } = await watching(
    (_request, response) => {
      response.on('close', () => (closed = true));
      response.write(frame('ADDED', 'a'));
    },
    { idleTimeoutMs: 1_000 },
  );
  for await (const event of watch) {
    expect(event.type).toBe('ADDED');
    break;
  }
  await until(() => closed);
  expect(clock.pending).toBe(0);
});

it('lets the server wait while the reader is busy', async () => {
  let response: ServerResponse | undefined;
  const { watch } = await watching((_request, opened) => {
    response = opened;
    const many = frame('ADDED', 'a', 'x'.repeat(90_000));
    for (let n = 0; n < 500; n++) opened.write(many);
    opened.end();
  });
  const events = watch[Symbol.asyncIterator]();
  await events.next();
  await settle(500);
  expect(response?.socket?.writableLength).toBeGreaterThan(1_000_000);
  let read = 1;
  while (!(await events.next()).done) read++;
  expect(read).toBe(500);
});
