import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifests, readWhatCan } from './read-manifests.ts';

let folder = '';
const named = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n`;
const namesIn = async (...sources: string[]): Promise<unknown[]> =>
  (await readManifests(sources)).map(({ object }) => object.metadata.name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-manifests-'));
  const files = { 'b.yml': named('b'), 'a.yaml': named('a'), 'c.json': '{}', 'notes.txt': 'kind: [' };
  for (const [name, text] of Object.entries({
    ...files,
    'c.json': JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c' } }),
  }))
    await writeFile(path.join(folder, name), text);
  await mkdir(path.join(folder, 'empty'));
});
afterAll(() => rm(folder, { recursive: true }));

test('files in the order given, the manifests of a folder by name', async () => {
  expect(await namesIn(path.join(folder, 'b.yml'), folder)).toEqual(['b', 'a', 'b', 'c']);
});

test('standard input', async () => {
  const [manifest] = await readManifests(['-'], Readable.from([named('x')]));
  expect(manifest).toMatchObject({ file: 'stdin', line: 1 });
});

test('what is not there, or empty, is said', async () => {
  await expect(readManifests(['nowhere.yaml'])).rejects.toThrow(
    '-f nowhere.yaml cannot be read: there is no such file',
  );
  await expect(readManifests([path.join(folder, 'empty')])).rejects.toThrow('there are no objects in');
  await expect(readManifests(['-'], Readable.from(['# nothing\n']))).rejects.toThrow('no objects in stdin');
});

test('what is wrong stands beside what is not', async () => {
  const broken = path.join(folder, 'broken.yaml');
  await writeFile(broken, 'kind: [');
  const { manifests, problems } = await readWhatCan(['gone', folder]);
  await rm(broken);
  expect(manifests.map(({ object }) => object.metadata.name)).toEqual(['a', 'b', 'c']);
  expect(problems).toEqual([
    '-f gone cannot be read: there is no such file',
    expect.stringContaining(`${broken}:1: `),
  ]);
});
