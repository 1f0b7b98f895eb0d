import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Inbox, pieceOverhead } from './inbox.ts';

class Budget {
  held = 0;
  hold(bytes: number): void {
    this.held += bytes;
  }
  release(bytes: number): void {
    this.held -= bytes;
  }
}

const nothing = (): void => undefined;

test('a piece counts until the next one is taken: until then it was only handed over', () => {
  const budget = new Budget();
  const inbox = new Inbox(budget);
  inbox.put(Buffer.alloc(10));
  expect(budget.held).toBe(10 + pieceOverhead);
  expect(inbox.take(nothing)).toHaveLength(10);
  expect(budget.held).toBe(10 + pieceOverhead);
  inbox.end();
  expect(inbox.take(nothing)).toBeNull();
  expect(budget.held).toBe(0);
});

test('calls who waits, once', () => {
  const inbox = new Inbox(new Budget());
  let calls = 0;
  expect(inbox.take(() => calls++)).toBeUndefined();
  inbox.put(Buffer.from('a'));
  inbox.put(Buffer.from('b'));
  expect(calls).toBe(1);
});

test('a small piece does not keep the whole chunk that it came in', () => {
  const inbox = new Inbox(new Budget());
  const chunk = Buffer.alloc(65_536);
  inbox.put(chunk.subarray(0, 100));
  inbox.put(chunk.subarray(100, 100 + 16_384));
  expect(inbox.take(nothing)?.buffer.byteLength).toBe(100);
  expect(inbox.take(nothing)?.buffer).toBe(chunk.buffer);
});

test('whatever is done, what is held is what waits, and nothing after close', () => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: 99 }),
    fc.constant('take' as const),
    fc.constant('close' as const),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new Budget();
      const inbox = new Inbox(budget);
      for (const one of steps) {
        if (one === 'take') inbox.take(nothing);
        else if (one === 'close') inbox.close();
        else inbox.put(Buffer.alloc(one));
        expect(budget.held).toBeGreaterThanOrEqual(0);
      }
      inbox.close();
      expect(budget.held).toBe(0);
      inbox.put(Buffer.alloc(5));
      inbox.take(nothing);
      expect(budget.held).toBe(0);
    }),
  );
});
