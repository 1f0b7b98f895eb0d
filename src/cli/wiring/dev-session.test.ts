import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../config/settings.ts';
import { silentLog } from '../../telemetry/log.ts';
import { startDevSession } from './dev-session.ts';

test('a session that cannot be started leaves no folder behind', async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'burstlet-session-'));
  const stateDir = path.join(parent, 'state');
  try {
    const starting = startDevSession({
      ...{ provider: 'mock', providerOptions: { sed: 1 }, nodeName: 'n', taint: false, port: 0 },
      ...{ stateDir, log: silentLog, version: '0.0.0' },
    });
    await expect(starting).rejects.toThrow(ConfigError);
    expect(existsSync(stateDir)).toBe(false);
  } finally {
    await rm(parent, { recursive: true });
  }
});
