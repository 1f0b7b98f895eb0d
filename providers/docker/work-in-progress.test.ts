import { expect, test } from 'vitest';
import { WorkInProgress } from './work-in-progress.ts';

const never = new AbortController().signal;

/** Work whose end the test decides. */
function gate(): {
  readonly work: (signal: AbortSignal) => Promise<string>;
  open(): void;
  signal?: AbortSignal;
  begun: number;
} {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const made = {
    begun: 0,
    signal: undefined as AbortSignal | undefined,
    open: () => open(),
    work: async (signal: AbortSignal) => {
      made.begun++;
      made.signal = signal;
      await opened;
      return 'done';
    },
  };
  return made as ReturnType<typeof gate>;
}

test('the same work is done once for all who ask, other work beside it', async () => {
  const work = new WorkInProgress();
  const one = gate();
  const both = [work.run('s', 'a', never, one.work), work.run('s', 'a', never, one.work)];
  expect(await work.run('s', 'b', never, async () => 'other')).toBe('other');
  one.open();
  expect(await Promise.all(both)).toEqual(['done', 'done']);
  expect(one.begun).toBe(1);
  expect(work.has('s', 'a')).toBe(false);
});

test('work is called off when the last caller leaves, and counts until it has settled', async () => {
  const work = new WorkInProgress();
  const one = gate();
  const leave = [new AbortController(), new AbortController()] as const;
  const calls = leave.map(({ signal }) => work.run('s', 'a', signal, one.work));
  leave[0].abort(new Error('first'));
  await expect(calls[0]).rejects.toThrow('first');
  expect(one.signal?.aborted).toBe(false);
  leave[1].abort(new Error('second'));
  await expect(calls[1]).rejects.toThrow('second');
  expect(one.signal?.aborted).toBe(true);
  expect(work.has('s', 'a')).toBe(true);
  const again = work.run('s', 'a', never, async () => 'anew');
  one.open();
  expect(await again).toBe('anew');
});

test('a removal calls off what is under way and waits for it; nothing begins meanwhile', async () => {
  const work = new WorkInProgress();
  const one = gate();
  const call = work.run('s', 'a', never, one.work);
  const steps: string[] = [];
  const removals = [1, 2].map(() => work.removal('s', async () => void steps.push('removed')));
  await expect(work.run('s', 'b', never, async () => 'late')).rejects.toThrow('is being removed');
  expect(one.signal?.aborted).toBe(true);
  expect(steps).toEqual([]);
  one.open();
  expect(await call).toBe('done');
  await Promise.all(removals);
  expect(steps).toEqual(['removed']);
  expect(await work.run('s', 'b', never, async () => 'later')).toBe('later');
});
