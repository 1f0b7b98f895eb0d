import { expect, test } from 'vitest';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { Asker } from './asker.ts';
import type { Question } from './observed.ts';

const question: Question = { key: 'k', about: { type: 'http', url: 'http://x/' } };

test('a question is asked once at a time, and again only after a rest', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  let asked = 0;
  let changes = 0;
  const fetcher = { fetch: async () => ({ status: 200 + asked++, body: '' }) };
  const asker = new Asker({ clock, fetcher, onChange: () => changes++ });
  const ask = (): void => asker.ask([question, question], controller.signal);
  ask();
  ask();
  await clock.advance(0);
  ask();
  expect([asked, changes]).toEqual([1, 1]);
  expect(asker.answers.get('k')).toEqual({ status: 200, body: '' });
  await clock.advance(500);
  expect(changes).toBe(2);
  ask();
  await clock.advance(0);
  expect(asker.answers.get('k')).toEqual({ status: 201, body: '' });
  controller.abort();
  await clock.advance(500);
  expect(changes).toBe(3);
});
