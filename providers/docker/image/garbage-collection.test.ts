import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../../src/telemetry/fake-clock.ts';
import { EngineConnection } from '../engine/connection.ts';
import { Engine } from '../engine/engine.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { ImageGarbageCollection } from './garbage-collection.ts';
import { ImageLedger } from './ledger.ts';

interface Image {
  names: string[];
  bytes: number;
}

const minute = 60_000;
let clock: FakeClock;
let folder = '';
let fake: FakeEngine;
let engine: Engine;
let ledger: ImageLedger;
let images: Map<string, Image>;
let inUse: string[];
let warnings: string[];

beforeEach(async () => {
  clock = new FakeClock();
  folder = mkdtempSync(path.join(tmpdir(), 'burstlet-images-'));
  ledger = ledgerOf('engine');
  images = new Map();
  inUse = [];
  warnings = [];
  fake = await FakeEngine.listen(({ method, url = '' }, response) => {
    const route = decodeURIComponent(url.split('?')[0] ?? '').replace(/^\/v[\d.]+/, '');
    const json = (value: unknown) => response.end(JSON.stringify(value));
    if (route === '/version') return json({ ApiVersion: '1.41', Os: 'linux', Arch: 'amd64' });
    if (route === '/containers/json') return json(inUse.map((ImageID) => ({ Id: 'c', Labels: {}, ImageID })));
    const reference = route.slice('/images/'.length).replace(/\/json$/, '');
    const [id, image] =
      [...images].find(([known, { names }]) => known === reference || names.includes(reference)) ?? [];
    if (id === undefined || image === undefined) return response.writeHead(404).end('{"message":"no"}');
    if (method !== 'DELETE') return json({ Id: id, RepoTags: image.names });
    if (inUse.includes(id)) return response.writeHead(409).end('{"message":"in use"}');
    image.names = image.names.filter((name) => name !== reference);
    if (image.names.length === 0) images.delete(id);
    return json([]);
  });
  const endpoint = { name: 'fake', origin: 'http://localhost', socketPath: fake.socketPath, remote: false };
  engine = new Engine(new EngineConnection({ endpoint, clock, random: () => 0 }));
});
afterEach(async () => {
  await engine.close();
  await fake.close();
  rmSync(folder, { recursive: true });
});

function ledgerOf(engineId: string): ImageLedger {
  return new ImageLedger({ stateDir: folder, clock, identity: async () => engineId });
}

/** A disk of 100 bytes, of which `others` are used by something else. */
function collection(others: number): ImageGarbageCollection {
  const log = { debug() {}, info() {}, error() {}, warn: (_: unknown, text: string) => warnings.push(text) };
  return new ImageGarbageCollection({
    ...{ engine, ledger, clock, log },
    thresholds: { highThresholdPercent: 85, lowThresholdPercent: 60 },
    usedPercent: async () => others + [...images.values()].reduce((sum, { bytes }) => sum + bytes, 0),
  });
}

/** Pulled by us, a minute after the one before. */
async function pulled(id: string, bytes: number, before?: string): Promise<void> {
  images.set(id, { names: [`name-${id}`], bytes });
  await ledger.pulled(`name-${id}`, id, before);
  await clock.advance(minute);
}

test('the images used longest ago go first, until enough of the disk is free', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await pulled(id, 20);
  await clock.advance(10 * minute);
  await ledger.used('a');
  await clock.advance(5 * minute);
  images.set('of-somebody-else', { names: ['x'], bytes: 10 });
  await collection(0).look();
  expect([...images.keys()]).toEqual(['a', 'd', 'of-somebody-else']);
  expect(warnings).toEqual([]);
});

test('none goes below the high threshold, none while it is used or young, and all that is said', async () => {
  for (const id of ['used', 'old']) await pulled(id, 10);
  await clock.advance(10 * minute);
  await pulled('young', 10);
  await collection(54).look();
  expect(images.size).toBe(3);
  inUse = ['used'];
  const full = collection(80);
  await full.look();
  expect([...images.keys()]).toEqual(['used', 'young']);
  expect(warnings).toEqual([
    'the disk of the container engine is filling up, and no image that may be removed is left',
  ]);
  inUse = [];
  await clock.advance(4 * minute);
  await full.look();
  expect(images.size).toBe(2);
  await clock.advance(minute);
  await full.look();
  expect(images.size).toBe(0);
});

test('only the name goes of an image that has another, or that was there before', async () => {
  await pulled('shared', 10);
  images.get('shared')?.names.push('theirs');
  await pulled('theirs-before', 10, 'older-of-theirs');
  await clock.advance(10 * minute);
  await collection(90).look();
  expect([...images].map(([id, { names }]) => [id, names])).toEqual([
    ['shared', ['theirs']],
    ['theirs-before', ['name-theirs-before']],
  ]);
});

test('an image that has lost its name to a newer one goes by its id', async () => {
  await pulled('one', 10);
  images.set('one', { names: [], bytes: 10 });
  images.set('two', { names: ['name-one'], bytes: 10 });
  await ledger.pulled('name-one', 'two', 'one');
  await clock.advance(10 * minute);
  await ledger.used('two');
  await clock.advance(minute);
  await collection(90).look();
  expect([...images.keys()]).toEqual(['two']);
});

test('what was pulled is known to the next daemon, of this engine; of a damaged file nothing is', async () => {
  await pulled('a', 10);
  expect(await ledgerOf('engine').entries()).toEqual(await ledger.entries());
  expect(await ledgerOf('another').entries()).toEqual([]);
  writeFileSync(path.join(folder, 'images.json'), '{"version":1,"ima');
  expect(await ledgerOf('engine').entries()).toEqual([]);
});
