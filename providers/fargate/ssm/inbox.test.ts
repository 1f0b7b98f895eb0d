import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Inbox } from './inbox.ts';
import type { ChannelMessage } from './message.ts';

function message(sequence: number, bytes = 1): ChannelMessage {
  const payload = Buffer.alloc(bytes);
  return { type: 'output_stream_data', sequence, flags: 0, id: '', createdAt: 1, payloadType: 1, payload };
}

it('gives messages in their order and once, however they come', () => {
  const arrivals = fc.nat(40).chain((count) =>
    fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count },
      ),
      fc.array(fc.nat(Math.max(0, count - 1)), { maxLength: 40 }),
    ),
  );
  fc.assert(
    fc.property(arrivals, ([order, again]) => {
      const inbox = new Inbox();
      const seen: number[] = [];
      const late = order.length === 0 ? [] : again;
      for (const sequence of [...order.slice(0, 10), ...late, ...order]) {
        const { acknowledge, ready } = inbox.take(message(sequence));
        expect(acknowledge).toBe(true);
        seen.push(...ready.map((one) => one.sequence));
      }
      expect(seen).toEqual(order.toSorted((a, b) => a - b));
      expect(inbox.hasGap).toBe(false);
    }),
  );
});

it('acknowledges again what comes twice: the sender did not hear it the first time', () => {
  const inbox = new Inbox();
  inbox.take(message(0));
  expect(inbox.take(message(0))).toEqual({ acknowledge: true, ready: [] });
});

it('keeps no more than a mebibyte of what comes early, and does not acknowledge the rest', () => {
  const inbox = new Inbox();
  const big = 300 * 1024;
  expect([1, 2, 3, 4].map((sequence) => inbox.take(message(sequence, big)).acknowledge)).toEqual([
    ...[true, true, true],
    false,
  ]);
  expect(inbox.hasGap).toBe(true);
  expect(inbox.take(message(0)).ready.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
  expect(inbox.take(message(4, big)).ready).toHaveLength(1);
  expect([6, 7, 8, 9].map((sequence) => inbox.take(message(sequence, big)).acknowledge)).toEqual([
    ...[true, true, true],
    false,
  ]);
});
