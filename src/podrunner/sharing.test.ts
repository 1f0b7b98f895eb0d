import { expect, it } from 'vitest';
import { settle } from '../telemetry/fake-clock.ts';
import { sharedCall } from './sharing.ts';

it('shares one call among those who came while another was under way, also after a failure', async () => {
  const ends: ((error?: Error) => void)[] = [];
  const share = sharedCall(
    () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      }),
  );
  const first = share();
  const waiting = [share(), share()];
  expect(waiting[0]).toBe(waiting[1]);
  expect(ends).toHaveLength(1);
  ends[0]?.(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  await settle();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all(waiting);
  void share();
  expect(ends).toHaveLength(3);
});
