import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createEventRecorder, type EventEntry } from './events.ts';
import { createKubeClient } from './rest-client.ts';
import { anonymous } from './testing/anonymous.ts';
import { readBody, sendJson, startLoopback, statusBody, until } from './testing/loopback.ts';
import type { KubeEvent } from './types.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Write {
  readonly method: string;
  readonly url: string;
  readonly body: KubeEvent;
}

async function setUp(answer: (write: Write, response: ServerResponse) => unknown = ok) {
  const writes: Write[] = [];
  const clock = new FakeClock();
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const write = {
      method: request.method ?? '',
      url: request.url ?? '',
      body: JSON.parse(await readBody(request)),
    };
    writes.push(write);
    answer(write, response);
  };
  const server = await startLoopback(handler);
  const log = silentLog;
  const client = createKubeClient({
    server: server.url,
    credentials: anonymous(),
    clock,
    log,
    random: () => 0,
  });
  closers.push(server.close, () => client.close());
  const recorder = createEventRecorder({ client, clock, log, component: 'burstlet', host: 'burst-0' });
  const flushed = () => recorder.flush(new AbortController().signal);
  return { recorder, writes, clock, flushed, server, again: () => startLoopback(handler, server.port) };
}

function ok(write: Write, response: ServerResponse): void {
  sendJson(response, 200, write.body);
}

function entry(name: string, message = 'no hostPath here'): EventEntry {
  const object = { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name, uid: `uid-${name}` };
  return { object, type: 'Warning', reason: 'Refused', message };
}

it('creates an event as the API wants it', async () => {
  const { recorder, writes, flushed } = await setUp();
  recorder.event(entry('web-0'));
  await flushed();
  expect(writes).toEqual([
    {
      method: 'POST',
      url: '/api/v1/namespaces/team/events',
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^web-0\.[0-9a-f]+$/), namespace: 'team' },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name: 'web-0', uid: 'uid-web-0' },
        type: 'Warning',
        reason: 'Refused',
        message: 'no hostPath here',
        source: { component: 'burstlet', host: 'burst-0' },
        reportingComponent: 'burstlet',
        reportingInstance: 'burst-0',
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 1,
      },
    },
  ]);
});

it('puts events about cluster-scoped objects into default, and cuts long messages', async () => {
  const { recorder, writes, flushed } = await setUp();
  recorder.event({
    object: { kind: 'Node', name: 'n' },
    type: 'Normal',
    reason: 'Ready',
    message: 'x'.repeat(2_000),
  });
  await flushed();
  expect(writes[0]?.url).toBe('/api/v1/namespaces/default/events');
  expect(writes[0]?.body.message).toHaveLength(1_024);
});

it('counts up what comes again, within the window, with a patch', async () => {
  const { recorder, writes, flushed, clock } = await setUp();
  recorder.event(entry('a'));
  await flushed();
  await clock.advance(60_000);
  recorder.event(entry('a'));
  await flushed();
  expect(writes[1]).toEqual({
    method: 'PATCH',
    url: `/api/v1/namespaces/team/events/${writes[0]?.body.metadata.name}`,
    body: { count: 2, lastTimestamp: '2026-01-01T00:01:00Z' },
  });
  await clock.advance(600_000);
  recorder.event(entry('a'));
  await flushed();
  expect(writes[2]).toMatchObject({ method: 'POST', body: { count: 1 } });
  expect(writes[2]?.body.metadata.name).not.toBe(writes[0]?.body.metadata.name);
});

it('writes once what came many times while it waited', async () => {
  const held: (() => void)[] = [];
  const { recorder, writes, flushed } = await setUp((write, response) =>
    held.push(() => ok(write, response)),
  );
  recorder.event(entry('first'));
  await until(() => held.length === 1);
  for (let n = 0; n < 100; n++) recorder.event(entry('a'));
  held[0]?.();
  await until(() => held.length === 2);
  held[1]?.();
  await flushed();
  expect(writes.map(({ body }) => body.count)).toEqual([1, 100]);
  expect(recorder.dropped).toBe(0);
});

it('creates the event anew when it has expired', async () => {
  const { recorder, writes, flushed } = await setUp((write, response) =>
    write.method === 'PATCH' ? sendJson(response, 404, statusBody(404, 'NotFound')) : ok(write, response),
  );
  for (let n = 0; n < 2; n++) {
    recorder.event(entry('a'));
    await flushed();
  }
  expect(writes.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
  expect(writes[2]?.body.count).toBe(2);
});

it('gives one object its share and no more; others are not touched by it', async () => {
  const { recorder, writes, flushed, clock } = await setUp();
  for (let n = 0; n < 40; n++) recorder.event(entry('noisy', `message ${n}`));
  recorder.event(entry('quiet'));
  await flushed();
  expect(writes).toHaveLength(26);
  expect(recorder.dropped).toBe(15);
  await clock.advance(300_000);
  recorder.event(entry('noisy', 'again'));
  recorder.event(entry('noisy', 'and again'));
  await flushed();
  expect(writes).toHaveLength(27);
});

it('lets a storm over many objects wait, not vanish', async () => {
  const { recorder, writes, clock } = await setUp();
  for (let n = 0; n < 500; n++) recorder.event(entry(`pod-${n}`));
  await until(() => writes.length === 100);
  await settle(20);
  expect(writes).toHaveLength(100);
  while (writes.length < 500) await clock.advance(1_000);
  expect(recorder.dropped).toBe(0);
});

it('holds a bounded number, and tells how many were dropped', async () => {
  const { recorder } = await setUp(() => undefined);
  for (let n = 0; n < 1_500; n++) recorder.event(entry(`pod-${n}`));
  expect(recorder.dropped).toBeGreaterThanOrEqual(499);
  const stop = new AbortController();
  const flush = recorder.flush(stop.signal);
  stop.abort();
  await flush;
});

it('goes on after a failure', async () => {
  const { recorder, writes, flushed } = await setUp((write, response) =>
    write.body.involvedObject.name === 'bad'
      ? sendJson(response, 403, statusBody(403, 'Forbidden'))
      : ok(write, response),
  );
  recorder.event(entry('bad'));
  recorder.event(entry('good'));
  await flushed();
  expect(writes).toHaveLength(2);
  expect(recorder.dropped).toBe(1);
});

it('waits out an API server that is away', async () => {
  const { recorder, writes, flushed, clock, server, again } = await setUp();
  await server.close();
  recorder.event(entry('a'));
  recorder.event(entry('b'));
  for (let second = 0; second < 60; second++) await clock.advance(1_000);
  const back = await again();
  closers.unshift(back.close);
  const done = flushed();
  while (writes.length < 2) await clock.advance(1_000);
  await done;
  expect(recorder.dropped).toBe(0);
});

it('does not forget what comes in the very moment the writer is done', async () => {
  const { recorder, writes, flushed } = await setUp();
  for (let n = 0; n < 20; n++) {
    recorder.event(entry(`p${n}`));
    await flushed();
  }
  expect(writes).toHaveLength(20);
});
