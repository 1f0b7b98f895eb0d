import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SecretNames } from './secret-names.ts';

const scope = { clusterUid: 'c0ffee', node: 'burst-0' };
const log = { debug() {}, info() {}, warn() {}, error() {} };
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-names-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a name is of the content, the node and a key that stays', async () => {
  const stateDir = path.join(folder, 'a', 'b');
  const names = await SecretNames.open(stateDir, log);
  const { name, version } = names.of('{"v0":"x"}', scope);
  expect(name).toMatch(/^burstlet\/[0-9a-f]{8}\/burst-0\/[0-9a-f]{32}$/);
  expect(version).toMatch(/^[0-9a-f]{32}$/);
  expect(names.of('{"v0":"y"}', scope).name).not.toBe(name);
  expect((await SecretNames.open(stateDir, log)).of('{"v0":"x"}', scope)).toEqual({ name, version });
  const elsewhere = await SecretNames.open(path.join(folder, 'c'), log);
  expect(elsewhere.of('{"v0":"x"}', scope).name).not.toBe(name);
  expect((await stat(path.join(stateDir, 'secret-names.key'))).mode & 0o777).toBe(0o600);
});

test('a key that is cut off is replaced', async () => {
  const stateDir = path.join(folder, 'cut');
  await SecretNames.open(stateDir, log);
  const file = path.join(stateDir, 'secret-names.key');
  await writeFile(file, 'abc');
  await SecretNames.open(stateDir, log);
  expect(await readFile(file, 'utf8')).toMatch(/^[0-9a-f]{64}$/);
});

test('without a folder there are names all the same, and it is told', async () => {
  const told: string[] = [];
  const names = await SecretNames.open('/dev/null/nowhere', {
    ...log,
    warn: (_fields, text) => told.push(text),
  });
  expect(names.of('x', scope).name).toMatch(/^burstlet\//);
  expect(told).toHaveLength(1);
});
