import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFilesAtomically } from './atomic-writer.ts';
import { resolveSubPath } from './sub-path.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'burstlet-volume-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function files(content: Readonly<Record<string, string>>, mode = 0o644) {
  return Object.entries(content).map(([name, text]) => ({
    path: name,
    content: Buffer.from(text),
    mode,
    secret: false,
  }));
}

function visible(): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(names.map((name) => [name, readlinkSync(path.join(folder, name))]));
}

test('files are behind one link, and are replaced in one step', async () => {
  await writeFilesAtomically(folder, files({ a: 'one', 'sub/b': 'two' }, 0o400), undefined);
  expect(visible()).toEqual({ a: '..data/a', sub: '..data/sub' });
  expect(readFileSync(path.join(folder, 'sub/b'), 'utf8')).toBe('two');
  expect(statSync(path.join(folder, 'a')).mode & 0o7777).toBe(0o400);
  const first = readlinkSync(path.join(folder, '..data'));
  await writeFilesAtomically(folder, files({ a: 'one', 'sub/b': 'two' }, 0o400), undefined);
  expect(readlinkSync(path.join(folder, '..data'))).toBe(first);
  await writeFilesAtomically(folder, files({ a: 'new', c: 'three' }), undefined);
  expect(visible()).toEqual({ a: '..data/a', c: '..data/c' });
  expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('new');
  expect(readdirSync(folder).filter((name) => name.startsWith('..'))).toHaveLength(2);
});

test('a volume without files is one that gets some later', async () => {
  await writeFilesAtomically(folder, [], undefined);
  expect(visible()).toEqual({});
  await writeFilesAtomically(folder, files({ a: 'one' }), undefined);
  expect(visible()).toEqual({ a: '..data/a' });
});

test('a path that leads out of the volume is not written', async () => {
  await expect(writeFilesAtomically(folder, files({ '../x': 'one' }), undefined)).rejects.toThrow(
    'leads out',
  );
});

test.skipIf(process.getuid?.() !== 0)('the group of the Pod may read what only the owner could', async () => {
  await writeFilesAtomically(folder, files({ a: 'one' }, 0o400), 4567);
  const { gid, mode } = statSync(path.join(folder, 'a'));
  expect([gid, mode & 0o7777]).toEqual([4567, 0o440]);
});

test('a subPath is made where it is missing, and may follow links inside', async () => {
  mkdirSync(path.join(folder, 'real'), { mode: 0o700 });
  symlinkSync('real', path.join(folder, 'link'));
  expect(await resolveSubPath(folder, 'link/new/deep')).toBe(path.join(folder, 'real/new/deep'));
  expect(statSync(path.join(folder, 'real/new/deep')).mode & 0o777).toBe(0o700);
  expect(await resolveSubPath(folder, './real/')).toBe(path.join(folder, 'real'));
});

test.each([['../x'], ['a/../../x'], ['/etc'], ['out'], ['out/passwd'], ['loop']])(
  'subPath %s is refused',
  async (subPath) => {
    symlinkSync('/etc', path.join(folder, 'out'));
    symlinkSync('loop', path.join(folder, 'loop'));
    await expect(resolveSubPath(folder, subPath)).rejects.toMatchObject({
      kind: 'InvalidSpec',
      field: 'volumeMounts.subPath',
    });
  },
);
