import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, type NodeSettings, type Settings } from '../../config/settings.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { startDaemon } from './daemon.ts';

let folder = '';
/** A cluster that takes connections and never says a word. */
let cluster: Server;
let connections = 0;
let said: string[] = [];
const log: Log = { ...silentLog, info: (_, message) => said.push(message) };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-daemon-'));
  connections = 0;
  said = [];
  cluster = createServer(() => {
    connections++;
  });
  await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve));
  const address = cluster.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await writeFile(
    path.join(folder, 'kubeconfig'),
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: {} }],
    }),
  );
  await writeFile(
    path.join(folder, 'fine.mjs'),
    `export function createProvider({ log }) {
      const provider = { name: 'fine', close: async () => log.info({}, 'closed') };
      for (const call of ['capabilities', 'capacity', 'create', 'stop', 'delete', 'list', 'observe'])
        provider[call] = async () => ({});
      return provider;
    }`,
  );
});
afterEach(async () => {
  await new Promise((resolve) => cluster.close(resolve));
  await rm(folder, { recursive: true });
});

function settings(...nodes: readonly Partial<NodeSettings>[]): Settings {
  return {
    file: 'burstlet.yaml',
    kubeconfig: path.join(folder, 'kubeconfig'),
    stateDir: path.join(folder, 'state'),
    ...{ logLevel: 'info', tls: {}, dns: {}, scheduler: true },
    nodes: nodes.map((node, index) => ({
      ...{ name: `burst-${index}`, provider: path.join(folder, 'fine.mjs'), options: {} },
      ...{ listen: { host: '127.0.0.1', port: 0 }, taint: true, labels: {}, capacity: {} },
      ...node,
    })),
  };
}

describe('a daemon', () => {
  it.each<[string, Partial<NodeSettings>, string]>([
    [
      'provider',
      { provider: 'no-such-provider' },
      'burstlet.yaml: node burst-1: provider no-such-provider cannot',
    ],
    ['option', { provider: 'mock', options: { sed: 1 } }, 'provider mock: provider.options.sed: there is no'],
    [
      'quantity',
      { capacity: { cpu: 'much' } },
      'burstlet.yaml: node burst-1: capacity.cpu: "much" is not a quantity',
    ],
    [
      'amount',
      { capacity: { memory: '-1Gi' } },
      'burstlet.yaml: node burst-1: capacity.memory: -1Gi is less',
    ],
  ])('tells of a wrong %s before it asks anything of the cluster', async (_, wrong, message) => {
    const starting = startDaemon(
      settings({}, wrong),
      { log, version: '0.0.0' },
      new AbortController().signal,
    );
    const failure: unknown = await starting.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toContain(message);
    expect(connections).toBe(0);
    expect(said).toEqual(['closed']);
  });

  it('that is not wanted any more ends, though the cluster does not answer, and closes what it loaded', async () => {
    const ending = new AbortController();
    cluster.once('connection', () => ending.abort());
    await expect(startDaemon(settings({}), { log, version: '0.0.0' }, ending.signal)).rejects.toThrow();
    expect(said).toEqual(['closed']);
  });
});
