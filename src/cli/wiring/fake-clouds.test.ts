import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../../telemetry/log.ts';
import { fakeClouds, fakeOf } from './fake-clouds.ts';
import { loadProvider } from './load-provider.ts';

it.each(['eci', 'fargate'])('%s works on its fake, which ends with it', async (name) => {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-fake-'));
  try {
    const provider = await loadProvider({ provider: fakeOf(name), options: {} }, stateDir, silentLog);
    const scope = { clusterUid: 'c', node: 'n' };
    const list = () => provider.list(scope, AbortSignal.timeout(5_000));
    expect(provider.name).toBe(name);
    expect(await list()).toEqual([]);
    await provider.close?.();
    await expect(list()).rejects.toThrow();
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});

it('leaves no fake behind when the provider refuses its options', async () => {
  const options = { nonsense: true };
  const refused = loadProvider({ provider: 'fake-eci', options }, tmpdir(), silentLog);
  await expect(refused).rejects.toThrow('nonsense');
});

it('knows of which providers there is a fake', () => {
  expect(Object.keys(fakeClouds)).toEqual(['fake-eci', 'fake-fargate']);
  for (const provider of [undefined, 'docker', './mine.js'])
    expect(() => fakeOf(provider)).toThrow('--fake: it needs --provider eci or --provider fargate');
});
