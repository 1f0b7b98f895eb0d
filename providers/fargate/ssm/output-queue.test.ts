import { expect, it } from 'vitest';
import { OutputQueue } from './output-queue.ts';

function queue() {
  const events: string[] = [];
  const made = new OutputQueue({ onFull: () => events.push('full'), onRoom: () => events.push('room') });
  return { made, events };
}

const chunk = Buffer.alloc(100 * 1024, 'x');

it('gives all that came before the end, and then the error', async () => {
  const { made } = queue();
  made.push(Buffer.from('a'));
  made.push(Buffer.from('b'));
  made.end(new Error('broken'));
  made.push(Buffer.from('too late'));
  const got: string[] = [];
  const reading = (async () => {
    for await (const part of made) got.push(part.toString());
  })();
  await expect(reading).rejects.toThrow('broken');
  expect(got.join('')).toBe('ab');
});

it('wakes a reader that waits', async () => {
  const { made } = queue();
  const reader = made[Symbol.asyncIterator]();
  const first = reader.next();
  made.push(Buffer.from('a'));
  expect((await first).value?.toString()).toBe('a');
  const second = reader.next();
  made.end();
  expect((await second).done).toBe(true);
});

it('says when no more should come, and when it has been taken', async () => {
  const { made, events } = queue();
  for (let count = 0; count < 4; count++) made.push(chunk);
  expect(events).toEqual(['full']);
  const reader = made[Symbol.asyncIterator]();
  expect((await reader.next()).value).toHaveLength(4 * chunk.length);
  expect(events).toEqual(['full']);
  const next = reader.next();
  made.push(chunk);
  await next;
  expect(events).toEqual(['full', 'room']);
});
