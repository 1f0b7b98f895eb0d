import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../telemetry/fake-clock.ts';
import { isRecord, type Json, record } from '../store/json.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.start(undefined, 4);
});
afterEach(() => api.stop());

const path = '/api/v1/namespaces/default/configmaps';

function put(name: string, labels: Record<string, string> = {}, data: object = {}): string {
  const object = { metadata: { name, namespace: 'default', labels }, data };
  const write = api.store.get('configmaps', 'default', name) === undefined ? 'create' : 'update';
  return api.store[write]('configmaps', object).metadata.resourceVersion;
}

/** Reads the events of one watch as they come. */
async function watch(query = '', accept?: string) {
  const { statusCode, body } = await api.open(
    'GET',
    `${path}?watch=true&${query}`,
    accept === undefined ? {} : { accept },
  );
  expect(statusCode).toBe(200);
  const chunks = body[Symbol.asyncIterator]();
  let rest = '';
  async function next(): Promise<Json | 'end'> {
    for (;;) {
      const end = rest.indexOf('\n');
      if (end >= 0) {
        const line: unknown = JSON.parse(rest.slice(0, end));
        rest = rest.slice(end + 1);
        return isRecord(line) ? line : {};
      }
      const chunk = await chunks.next();
      if (chunk.done === true) return 'end';
      rest += String(chunk.value);
    }
  }
  return {
    next,
    async short(): Promise<string> {
      const event = await next();
      if (event === 'end') return event;
      const { name, resourceVersion } = record(record(event.object).metadata);
      return `${event.type} ${name ?? ''}@${resourceVersion ?? ''}`;
    },
    leave: () => body.destroy(),
  };
}

describe('a watch', () => {
  it('begins with what is there when no version is given', async () => {
    const a = put('a');
    const stream = await watch();
    expect(await stream.short()).toBe(`ADDED a@${a}`);
    const b = put('b');
    expect(await stream.short()).toBe(`ADDED b@${b}`);
  });

  it('goes on after a version', async () => {
    const a = put('a');
    const b = put('a', {}, { x: '1' });
    const stream = await watch(`resourceVersion=${a}`);
    expect(await stream.short()).toBe(`MODIFIED a@${b}`);
    api.store.delete('configmaps', 'default', 'a');
    expect(await stream.short()).toBe(`DELETED a@${Number(b) + 1}`);
  });

  it('that is too late gets 410 as its only event', async () => {
    for (let i = 0; i < 12; i++) put('a', {}, { i: String(i) });
    const stream = await watch('resourceVersion=2');
    expect(await stream.next()).toMatchObject({
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: `too old resource version: 2 (${api.store.version})`,
      },
    });
    expect(await stream.next()).toBe('end');
  });

  it('with a selector sees objects come and go as they match', async () => {
    const from = put('a', { on: 'no' });
    const stream = await watch(`labelSelector=on%3Dyes&resourceVersion=${from}`);
    put('a', { on: 'no' }, { x: '1' });
    const came = put('a', { on: 'yes' });
    expect(await stream.short()).toBe(`ADDED a@${came}`);
    const changed = put('a', { on: 'yes' }, { x: '2' });
    expect(await stream.short()).toBe(`MODIFIED a@${changed}`);
    const left = put('a', { on: 'no' }, { x: '3' });
    const gone = await stream.next();
    expect(gone).toMatchObject({
      type: 'DELETED',
      object: { metadata: { resourceVersion: left, labels: { on: 'yes' } } },
    });
    put('b', { on: 'yes' });
    const last = api.store.delete('configmaps', 'default', 'b').object.metadata.resourceVersion;
    expect(await stream.short()).toMatch(/^ADDED b/);
    expect(await stream.short()).toBe(`DELETED b@${last}`);
  });

  it('sends bookmarks, and the last one when its time is up', async () => {
    const from = put('a');
    const stream = await watch(`resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=100`);
    await settle();
    api.store.create('namespaces', { metadata: { name: 'x' } });
    await api.clock.advance(60_000);
    const version = String(api.store.version);
    expect(await stream.next()).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { resourceVersion: version, creationTimestamp: null },
      },
    });
    await api.clock.advance(40_000);
    expect(await stream.short()).toBe(`BOOKMARK @${version}`);
    expect(await stream.next()).toBe('end');
    expect(api.clock.pending).toBe(0);
  });

  it('marks the end of the initial events when asked to', async () => {
    put('a');
    const stream = await watch(
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    );
    expect(await stream.short()).toMatch(/^ADDED a/);
    expect(await stream.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });

  it('is made of table rows for kubectl', async () => {
    put('a');
    const stream = await watch('', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json');
    const first = await stream.next();
    expect(first).toMatchObject({
      type: 'ADDED',
      object: { kind: 'Table', rows: [{ cells: expect.any(Array) }] },
    });
    put('b');
    expect(await stream.next()).toMatchObject({ type: 'ADDED', object: { columnDefinitions: null } });
  });

  it('leaves nothing behind when the client goes', async () => {
    const stream = await watch('allowWatchBookmarks=true');
    await settle();
    expect(api.clock.pending).toBe(2);
    stream.leave();
    for (let turn = 0; api.clock.pending > 0 && turn < 1000; turn++) await settle();
    expect(api.clock.pending).toBe(0);
  });

  it('ends with the server', async () => {
    const stream = await watch();
    await settle();
    await api.stop();
    await expect(stream.next()).rejects.toThrow();
    expect(api.clock.pending).toBe(0);
  });
});
