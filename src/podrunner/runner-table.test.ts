import { expect, it } from 'vitest';
import type { InstanceEvent } from '../../providers/contract/index.ts';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { RunnerTable } from './runner-table.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { podSpec, scope } from './testing/specs.ts';

it('ignores late snapshots of a sandbox that it had removed, until the runtime says gone', async () => {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const { signal } = new AbortController();
  const table = new RunnerTable({ runtime, clock, random: Math.random, log: silentLog, signal });
  const events: InstanceEvent['type'][] = [];
  table.listen(scope, ({ type }) => events.push(type));
  const sandbox = {
    id: 's',
    owner: podSpec().owner,
    createdAt: '2026-01-01T00:00:00Z',
    ips: [],
    containers: [],
  };

  table.dropRemoved(table.put(sandbox));
  table.take({ type: 'changed', sandbox });
  await settle();
  expect(table.all()).toEqual([]);
  table.take({ type: 'gone', sandboxId: 's', podUid: 'uid-1' });
  expect(events).toEqual(['gone']);
  table.take({ type: 'changed', sandbox });
  await settle();
  expect(events).toEqual(['gone', 'changed']);
  expect(table.all()).toHaveLength(1);
});
