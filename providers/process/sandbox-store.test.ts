import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { claimSandbox, latestClaim } from './claim.ts';
import type { ProcessTable } from './process-table.ts';
import { createProcessTable } from './process-table.ts';
import type { SandboxRecord } from './records.ts';
import { SandboxStore } from './sandbox-store.ts';
import { stateOnDisk } from './state-on-disk.ts';
import { temporaryState } from './testing/harness.ts';

const state = temporaryState();
const root = path.join(state.folder, 'sandboxes');
const store = new SandboxStore(state.folder);
const id = '0'.repeat(32);

const record: SandboxRecord = {
  version: 1,
  id,
  owner: { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 },
  mark: 'first',
  createdAt: '2026-01-01T00:00:00.000Z',
  hostname: 'pod',
  logMaxBytes: 1,
  logMaxFiles: 1,
};

beforeEach(() => store.discard(id));
afterAll(async () => {
  store.close();
  await state.remove();
});

test('the first to create a sandbox has made it; others change nothing and leave nothing', async () => {
  await Promise.all(['first', 'second', 'third'].map((mark) => store.create({ ...record, mark })));
  expect(await store.readAll()).toEqual([record]);
  expect(readdirSync(root)).toEqual([id]);
  expect(statSync(store.folder(id)).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(store.folder(id), 'sandbox.json')).mode & 0o777).toBe(0o600);
});

test('a record that cannot be read fails the listing, and says what to do', async () => {
  await store.create(record);
  writeFileSync(path.join(store.folder(id), 'sandbox.json'), '{');
  await expect(store.readAll()).rejects.toThrow(/sandbox\.json is not JSON; restore it/);
  writeFileSync(path.join(store.folder(id), 'sandbox.json'), '{"version":2}');
  await expect(store.readAll()).rejects.toThrow(/written by another version/);
});

test('ids that are no folder of ours name no sandbox', async () => {
  for (const bad of ['', '..', '../x', `${id}/..`, id.toUpperCase().replace('0', 'G')])
    expect(await store.read(bad)).toBeUndefined();
});

test('what crashes left is swept, but not what is being made right now', async () => {
  for (const name of ['.doomed-x', '.making-old', '.making-new']) mkdirSync(path.join(root, name));
  utimesSync(path.join(root, '.making-old'), 1, 1);
  await store.sweep(Date.now());
  expect(readdirSync(root)).toEqual(['.making-new']);
  await store.sweep(Date.now() + 100_000);
  expect(readdirSync(root)).toEqual([]);
});

test('a sandbox has one shim: the next may claim it only when the last is dead, and never during removal', async () => {
  await store.create(record);
  const real = createProcessTable();
  const dead: ProcessTable = { ...real, read: (pid) => (pid === process.pid ? real.read(pid) : undefined) };
  const other: ProcessTable = {
    ...real,
    read: (pid) => {
      const entry = real.read(pid);
      return entry && { ...entry, id: { pid, start: 'reused' } };
    },
  };
  const folder = store.folder(id);
  expect(latestClaim(folder)).toBeUndefined();
  expect(claimSandbox(folder, real)?.generation).toBe(0);
  expect(claimSandbox(folder, dead)).toBeUndefined();
  expect(claimSandbox(folder, other)?.generation).toBe(1);
  store.beginRemoval(id);
  expect(claimSandbox(folder, real)).toBeUndefined();
});

test('a sandbox that goes while its files are read has no state', async () => {
  class GoneAfterReading extends SandboxStore {
    override async read(name: string): Promise<SandboxRecord | undefined> {
      const found = await super.read(name);
      await this.discard(name);
      return found;
    }
  }
  await store.create(record);
  const going = new GoneAfterReading(state.folder);
  const clock = { now: () => 0, schedule: () => () => undefined };
  const deps = { store: going, table: createProcessTable(), clock };
  await expect(stateOnDisk(record, deps)).resolves.toBeUndefined();
  going.close();
});
