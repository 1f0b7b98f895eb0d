import { afterEach, expect, it } from 'vitest';
import { silentLog } from '../../../telemetry/log.ts';
import { TestCluster } from '../test-cluster.ts';
import { kinds } from './kinds.ts';
import { Recorder } from './recorder.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function recorder() {
  cluster = new TestCluster();
  await cluster.settle();
  const about = cluster.create(kinds.configMaps, { metadata: { name: 'thing' } });
  const { store, clock } = cluster;
  const events = () =>
    store.list(kinds.events, 'default').filter(({ involvedObject }) => involvedObject.name === 'thing');
  return { about, events, recorder: new Recorder({ store, clock, random: Math.random, log: silentLog }) };
}

it('writes what happened to whom, and counts up what is said again', async () => {
  const { about, events, recorder: say } = await recorder();
  say.event('tester', about, 'Warning', 'Broken', 'It broke');
  await cluster.seconds(30);
  say.event('tester', about, 'Warning', 'Broken', 'It broke');
  expect(events()).toMatchObject([
    {
      type: 'Warning',
      reason: 'Broken',
      message: 'It broke',
      count: 2,
      source: { component: 'tester' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:30Z',
      involvedObject: { kind: 'ConfigMap', namespace: 'default', name: 'thing', uid: about.metadata.uid },
    },
  ]);
});

it('cuts a flood about one object off, and lets one through every five minutes', async () => {
  const { about, events, recorder: say } = await recorder();
  for (let i = 0; i < 100; i++) say.event('tester', about, 'Normal', 'Again', `number ${i}`);
  expect(events()).toHaveLength(25);
  await cluster.seconds(301);
  for (let i = 100; i < 110; i++) say.event('tester', about, 'Normal', 'Again', `number ${i}`);
  expect(events()).toHaveLength(26);
});

it('never fails its caller', async () => {
  const { about, recorder: say } = await recorder();
  const elsewhere = { ...about, metadata: { ...about.metadata, namespace: 'nowhere' } };
  expect(() => say.event('tester', elsewhere, 'Normal', 'Lost', 'unheard')).not.toThrow();
});

it('forgets Events an hour after they were last seen', async () => {
  const { about, events, recorder: say } = await recorder();
  say.event('tester', about, 'Normal', 'First', 'one');
  await cluster.seconds(1800);
  say.event('tester', about, 'Normal', 'Second', 'two');
  await cluster.seconds(1800 + 60);
  expect(events().map(({ reason }) => reason)).toEqual(['Second']);
  await cluster.seconds(1900);
  expect(events()).toEqual([]);
});
