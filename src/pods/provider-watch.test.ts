import { expect, test } from 'vitest';
import { MockCloud, MockProvider } from '../../providers/mock/index.ts';
import { FakeClock, settle } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { InstanceTable } from './instance-table.ts';
import { ProviderWatch } from './provider-watch.ts';

function setUp(onListed: (end: () => void) => void, onHealth: (trouble: unknown) => void = () => undefined) {
  const clock = new FakeClock();
  const random = (): number => 0.5;
  const cloud = new MockCloud({ clock, random });
  const ending = new AbortController();
  const watch = new ProviderWatch({
    ...{ clock, random, log: silentLog },
    provider: new MockProvider({ cloud }),
    scope: { clusterUid: 'c-1', node: 'burst-0' },
    table: new InstanceTable(clock, () => undefined),
    onListed: () => onListed(() => ending.abort()),
    onNotice: () => undefined,
    onHealth,
  });
  let ended = false;
  const run = watch.run(ending.signal).then(() => {
    ended = true;
  });
  const lists = (): number => cloud.front.calls.filter(({ kind }) => kind === 'list').length;
  return { clock, cloud, watch, ending, run, lists, ended: () => ended };
}

test('ends at once, also when the signal fires between a list and the rest after it', async () => {
  const { ended } = setUp((end) => end());
  await settle();
  expect(ended()).toBe(true);
});

test('sweeps for ever, and lists again when asked', async () => {
  const { clock, watch, ending, run, lists } = setUp(() => undefined);
  await clock.advance(0);
  expect(lists()).toBe(1);
  await clock.advance(130_000);
  expect(lists()).toBe(3);
  const looked = watch.look();
  await clock.advance(1_000);
  await looked;
  expect(lists()).toBe(4);
  ending.abort();
  await run;
});

test('what ends an observation is what is told, not that the list ended with it', async () => {
  const told: string[] = [];
  const { clock, cloud, ending, run } = setUp(
    () => undefined,
    (trouble) => told.push(String(trouble)),
  );
  cloud.front.onCall = async ({ kind }) => {
    if (kind === 'observe') throw new Error('wrong credentials');
    await new Promise((resolve) => clock.schedule(50_000, () => resolve(undefined)));
  };
  await clock.advance(5_000);
  expect(new Set(told)).toEqual(new Set(['Error: wrong credentials']));
  ending.abort();
  await run;
});

test('a look fails with its list, and the observation begins anew', async () => {
  const { clock, cloud, watch, ending, run } = setUp(() => undefined);
  await clock.advance(0);
  cloud.front.onCall = ({ kind }) => {
    if (kind === 'list') throw new Error('page 2 could not be read');
  };
  const looked = expect(watch.look()).rejects.toThrow('page 2');
  await clock.advance(1_000);
  await looked;
  cloud.front.onCall = undefined;
  await clock.advance(2_000);
  const again = watch.look();
  await clock.advance(1_000);
  await again;
  expect(cloud.streams.open).toBe(1);
  ending.abort();
  await run;
});
