import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskUsage } from './disk-usage.ts';
import { EngineError } from './engine/errors.ts';

const never = new AbortController().signal;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'burstlet-disk-'));
});
afterAll(() => rm(root, { recursive: true }));

const volumes = { folder: (_: string, name: string) => path.join(root, name) };
const written: Record<string, { layer: number; logFile: string }> = {};
const engine = {
  async writtenBytes(id: string) {
    const found = written[id];
    if (found === undefined) throw new EngineError(404, 'No such container');
    return found;
  },
};

function usage(names: readonly string[], containerIds: readonly string[], signal = never) {
  return diskUsage({ engine, volumes }, 'sandbox', { volumes: names, containerIds }, signal);
}

describe('what is on disk', () => {
  it('of volumes is what their folders take there, without what is linked to', async () => {
    await mkdir(path.join(root, 'full/deep'), { recursive: true });
    await mkdir(path.join(root, 'empty name'));
    await writeFile(path.join(root, 'full/deep/file'), Buffer.alloc(300_000, 1));
    await symlink(path.join(root, 'full'), path.join(root, 'empty name/link'));
    const { volumes: used } = await usage(['full', 'empty name', 'not there'], []);
    expect([...used.keys()].toSorted()).toEqual(['empty name', 'full']);
    expect(used.get('full')).toBeGreaterThanOrEqual(300_000);
    expect(used.get('full')).toBeLessThan(400_000);
    expect(used.get('empty name')).toBeLessThan(100_000);
  });

  it('of containers is their layer and all files of their log', async () => {
    const logFile = path.join(root, 'a-json.log');
    await writeFile(logFile, Buffer.alloc(10));
    await writeFile(`${logFile}.1`, Buffer.alloc(5));
    await writeFile(path.join(root, 'b-json.log'), Buffer.alloc(1000));
    written.a = { layer: 100, logFile };
    written.remote = { layer: 7, logFile: '/not/on/this/machine.log' };
    const { containers } = await usage([], ['a', 'remote', 'gone']);
    expect([...containers]).toEqual([
      ['a', 115],
      ['remote', 7],
    ]);
  });

  it('is not measured any more when nobody waits for it', async () => {
    const reason = new Error('enough');
    await expect(usage(['full'], [], AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
