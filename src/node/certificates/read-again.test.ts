import { expect, test } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { readAgain } from './read-again.ts';

test('what is there is used when it differs, and kept when there is nothing of use', async () => {
  const clock = new FakeClock();
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (_, message) => warned.push(message) };
  let text: string | undefined = 'one';
  const ending = new AbortController();
  const source = await readAgain(
    { clock, log, random: () => 0.5 },
    {
      ...{ what: 'the file', everyMs: 30_000, isSame: (a: string, b: string) => a === b },
      async read() {
        if (text === undefined) throw new Error('gone');
        return text;
      },
    },
    ending.signal,
  );
  expect(source.first).toBe('one');
  const used: string[] = [];
  const following = source.follow((next) => {
    if (next === 'bad') throw new Error('not a certificate');
    used.push(next);
  }, ending.signal);
  for (const next of ['one', 'two', undefined, undefined, 'two', 'bad', 'three']) {
    text = next;
    await clock.advance(30_000);
  }
  expect(used).toEqual(['two', 'three']);
  const complaint = 'the file: cannot be used; the one before stays';
  // Once for the two times that it was gone, and once for what could not be used.
  expect(warned).toEqual([complaint, complaint]);
  ending.abort();
  await following;
  expect(clock.pending).toBe(0);
});
