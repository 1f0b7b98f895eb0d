import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock, settle } from '../../../src/telemetry/fake-clock.ts';
import { decodeMessage } from './message.ts';
import { Outbox } from './outbox.ts';

function outbox(random: () => number = () => 0) {
  const clock = new FakeClock();
  const sent: number[] = [];
  let stuck = 0;
  const box = new Outbox({
    ...{ clock, random },
    transmit: (message) => sent.push(decodeMessage(message).sequence),
    onStuck: () => stuck++,
  });
  return { box, clock, sent, stuck: () => stuck, take: () => sent.splice(0) };
}

const data = Buffer.from('x');

it('numbers messages from 0 and sends them at once', () => {
  const { box, sent } = outbox();
  for (let count = 0; count < 3; count++) box.push(1, data);
  expect(sent).toEqual([0, 1, 2]);
});

it('has writers wait when 128 are unacknowledged, and lets one in for each that is', async () => {
  const { box } = outbox();
  for (let count = 0; count < 128; count++) {
    await box.room();
    box.push(1, data);
  }
  const entered: number[] = [];
  for (const writer of [1, 2]) void box.room().then(() => entered.push(writer));
  await settle();
  expect(entered).toEqual([]);
  box.acknowledged(77);
  await settle();
  expect(entered).toEqual([1]);
});

it('repeats one at a time with longer and longer waits while nothing is acknowledged', async () => {
  const { box, clock, take } = outbox();
  for (let count = 0; count < 3; count++) box.push(1, data);
  take();
  const at: [number, number[]][] = [];
  for (let second = 1; second <= 40; second++) {
    await clock.advance(1000);
    const repeated = take();
    if (repeated.length > 0) at.push([second, repeated]);
  }
  expect(at).toEqual([
    ...[
      [1, [0]],
      [3, [1]],
      [7, [2]],
      [15, [0]],
      [25, [1]],
      [35, [2]],
    ],
  ]);
});

it('waits as long as acknowledgements take', async () => {
  const { box, clock, take } = outbox();
  box.push(1, data);
  await clock.advance(50);
  box.acknowledged(0);
  box.push(1, data);
  take();
  await clock.advance(199);
  expect(take()).toEqual([]);
  await clock.advance(1);
  expect(take()).toEqual([1]);
});

it('repeats what was lost beside what is still unheard', async () => {
  const { box, clock, take } = outbox();
  for (let count = 0; count < 5; count++) box.push(1, data);
  await clock.advance(50);
  for (const sequence of [1, 3]) box.acknowledged(sequence);
  take();
  await clock.advance(200);
  expect(take()).toEqual([0, 2, 4]);
});

it('takes for delivered what stays unheard while all else is heard', async () => {
  const { box, clock, take } = outbox();
  box.push(1, data);
  for (let next = 1; next < 100; next++) {
    box.push(1, data);
    await clock.advance(500);
    box.acknowledged(next);
    await clock.advance(500);
  }
  expect(take().filter((sequence) => sequence === 0)).toHaveLength(9);
  await clock.advance(60_000);
  expect(take()).toEqual([]);
});

it('sends nothing while the other side is away, and then what came meanwhile', async () => {
  const { box, clock, take } = outbox();
  box.push(1, data);
  take();
  box.pause();
  box.push(1, data);
  await clock.advance(60_000);
  expect(take()).toEqual([]);
  box.heard();
  expect(take()).toEqual([1]);
  await clock.advance(1000);
  expect(take()).toEqual([0]);
});

it('sends all that is unacknowledged over a new connection', () => {
  const { box, take } = outbox();
  for (let count = 0; count < 4; count++) box.push(1, data);
  box.acknowledged(2);
  box.pause();
  take();
  box.sendAgain();
  expect(take()).toEqual([0, 1, 3]);
});

it('gives up when nothing came from the agent for 20 minutes, and not before', async () => {
  const { box, clock, stuck } = outbox();
  box.push(1, data);
  await clock.advance(15 * 60_000);
  box.heard();
  await clock.advance(19 * 60_000);
  expect(stuck()).toBe(0);
  await clock.advance(2 * 60_000);
  expect(stuck()).toBe(1);
});

it('tells writers that it is closed, and leaves no timer', async () => {
  const { box, clock } = outbox();
  for (let count = 0; count < 128; count++) box.push(1, data);
  const waiting = box.room();
  box.close(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
  await expect(box.room()).rejects.toThrow('over');
  expect(clock.pending).toBe(0);
});

it('delivers everything through any pattern of losses', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2_147_483_646 }),
      fc.integer({ min: 1, max: 30 }),
      async (seed, count) => {
        let state = seed;
        const chance = (): number => {
          state = (state * 48_271) % 2_147_483_647;
          return state / 2_147_483_647;
        };
        const clock = new FakeClock();
        const got = new Set<number>();
        const box: Outbox = new Outbox({
          ...{ clock, random: chance },
          transmit(message) {
            const { sequence } = decodeMessage(message);
            if (chance() < 0.2) return;
            // As the agent: it says nothing to what comes twice.
            const isNew = !got.has(sequence);
            got.add(sequence);
            if (isNew && chance() < 0.6) clock.schedule(20, () => box.acknowledged(sequence));
          },
          onStuck: () => undefined,
        });
        for (let sequence = 0; sequence < count; sequence++) box.push(1, data);
        await clock.advance(600_000);
        box.close(new Error('over'));
        expect(got.size).toBe(count);
      },
    ),
    { numRuns: 30 },
  );
});
