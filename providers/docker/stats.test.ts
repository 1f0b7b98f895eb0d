import { expect, test } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import { EngineError } from './engine/errors.ts';
import type { EngineStats } from './engine/shapes.ts';
import { measure } from './stats.ts';

const read = '2026-01-01T00:00:00.123456789Z';
const startedAt = '2025-12-31T23:59:00.000Z';
const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'p', podUid: 'u', attempt: 0 };

function run(id: string): RuntimeContainer {
  return { id, name: id, run: 0, image: '', imageId: '', state: { kind: 'running', startedAt } };
}

function sandbox(id: string, ...containers: readonly RuntimeContainer[]): SandboxState {
  return { id, owner: { ...owner, podUid: `uid-${id}` }, createdAt: startedAt, ips: [], containers };
}

const stats: EngineStats = {
  read,
  cpu_stats: { cpu_usage: { total_usage: 5e9 } },
  memory_stats: { usage: 1_000, stats: { inactive_file: 300, anon: 400 } },
  pids_stats: { current: 3 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'read', value: 1 },
      { op: 'Read', value: 2 },
      { op: 'write', value: 4 },
    ],
  },
};
const network: EngineStats = {
  read,
  networks: { eth0: { rx_bytes: 1, rx_errors: 2, tx_bytes: 3, tx_errors: 4 } },
};

/** Answers by the name of a container; an error is thrown. */
function engineWith(answers: Readonly<Record<string, EngineStats | Error>>) {
  return {
    async stats(id: string): Promise<EngineStats> {
      const answer = answers[id] ?? network;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}
const never = new AbortController().signal;

test('a run is measured, and the network of its sandbox', async () => {
  const [measured] = await measure(engineWith({ main: stats }), [sandbox('a', run('main'))], never);
  const time = '2026-01-01T00:00:00.123Z';
  expect(measured).toEqual({
    sandboxId: 'a',
    podUid: 'uid-a',
    containers: [
      {
        ...{ name: 'main', time, startedAt, cpuNanoSeconds: 5e9, memoryWorkingSetBytes: 700 },
        ...{
          memoryUsageBytes: 1_000,
          memoryRssBytes: 400,
          processes: 3,
          diskReadBytes: 3,
          diskWriteBytes: 4,
        },
      },
    ],
    network: { time, interfaces: [{ name: 'eth0', rxBytes: 1, rxErrors: 2, txBytes: 3, txErrors: 4 }] },
  });
});

test('what cannot be measured is left out alone', async () => {
  const engine = engineWith({ main: stats, broken: new Error('cgroup busy') });
  const measured = await measure(engine, [sandbox('a', run('broken')), sandbox('b', run('main'))], never);
  expect(measured.map(({ containers }) => containers.length)).toEqual([0, 1]);
});

test('when nothing can be, the engine has failed; a run that has ended is no failure', async () => {
  const away = new Error('connection refused');
  const both = [sandbox('a', run('main'))];
  const all = (error: Error) => ({ stats: async () => Promise.reject(error) });
  await expect(measure(all(away), both, never)).rejects.toBe(away);
  const [ended] = await measure(all(new EngineError(404, 'No such container')), both, never);
  expect(ended?.containers).toEqual([]);
});
