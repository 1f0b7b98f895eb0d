import { beforeEach, describe, expect, it } from 'vitest';
import type { Offer } from '../../providers/contract/index.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { OfferBook } from './offer-book.ts';
import { offersFor } from './offers-for.ts';

const gib = 1024 ** 3;
const size = (cpu: number, memory: number) => ({
  ...{ name: `${cpu}-${memory}`, cpuMillis: cpu * 1000, memoryBytes: memory * gib },
});
const rates = {
  ...{ currency: 'USD', perCpuSecond: 1, perGibSecond: 0.5, minimumSeconds: 60 },
  ...{ asOf: '2026-01-01', source: 'test' },
};
const offers: readonly Offer[] = [
  { id: 'a/spot', market: 'spot', sizes: [size(1, 2), size(2, 4)], rates },
  { id: 'b/spot', market: 'spot', sizes: [size(1, 2)] },
  { id: 'a/on-demand', market: 'on-demand', sizes: [size(1, 2), size(4, 8)] },
];
const small = { cpuMillis: 500, memoryBytes: gib, extended: {} };

let clock: FakeClock;
let book: OfferBook;
beforeEach(() => {
  clock = new FakeClock();
  book = new OfferBook({ clock, random: () => 1, offers: () => offers });
});

function chosen(asked = small): string {
  const choice = book.choose(asked);
  return choice.kind === 'purchase' ? choice.purchase.offer : choice.kind;
}

describe('OfferBook', () => {
  it('takes the first offer that has a size, and knows its price', () => {
    expect(book.choose(small)).toEqual({
      kind: 'purchase',
      purchase: {
        ...{ offer: 'a/spot', market: 'spot', size: size(1, 2) },
        price: { currency: 'USD', perSecond: 2 },
      },
      passed: [],
    });
    expect(chosen({ ...small, cpuMillis: 3000 })).toBe('a/on-demand');
    expect(chosen({ ...small, cpuMillis: 5000 })).toBe('too-large');
  });

  it('goes on to the next when one is out of stock, and says when all are', () => {
    book.outOfStock('a/spot', clock.now(), 'none left');
    const passed = [{ offer: 'a/spot', why: 'none left' }];
    expect(book.choose(small)).toMatchObject({ purchase: { offer: 'b/spot' }, passed });
    book.outOfStock('b/spot', clock.now(), 'none either');
    book.outOfStock('a/on-demand', clock.now(), 'quota');
    expect(book.choose(small)).toEqual({
      kind: 'shut',
      passed: [...passed, { offer: 'b/spot', why: 'none either' }, { offer: 'a/on-demand', why: 'quota' }],
      at: clock.now() + 30_000,
    });
    // What never had a size for it is not waited for.
    expect(book.choose({ ...small, cpuMillis: 3000 })).toMatchObject({
      passed: [{ offer: 'a/on-demand' }],
    });
  });

  it('lets one try when the time is over, and the others when that one has its instance', async () => {
    book.outOfStock('a/spot', clock.now(), 'none left');
    await clock.advance(30_000);
    expect([chosen(), chosen(), chosen()]).toEqual(['a/spot', 'b/spot', 'b/spot']);
    book.bought('a/spot');
    expect([chosen(), chosen()]).toEqual(['a/spot', 'a/spot']);
  });

  it('waits longer each time, ten minutes at most', async () => {
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      book.outOfStock('a/spot', clock.now(), 'none left');
      const began = clock.now();
      while (chosen() !== 'a/spot') await clock.advance(1_000);
      waits.push((clock.now() - began) / 1000);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);
  });

  it('counts once what many learn at the same time', async () => {
    const chosenAt = clock.now();
    await clock.advance(1_000);
    for (let i = 0; i < 500; i++) book.outOfStock('a/spot', chosenAt, 'none left');
    await clock.advance(30_000);
    expect(chosen()).toBe('a/spot');
  });

  it('takes what a Pod wants, of what it wants', () => {
    const wanting = (annotations: Record<string, string>) => {
      const choice = book.choose(small, (all) => offersFor({ metadata: { annotations } }, all));
      return choice.kind === 'purchase'
        ? `${choice.purchase.offer} ${choice.purchase.size.name}`
        : choice.kind;
    };
    expect(wanting({})).toBe('a/spot 1-2');
    expect(wanting({ 'burstlet.dev/use-market': 'on-demand' })).toBe('a/on-demand 1-2');
    expect(wanting({ 'burstlet.dev/use-sizes': '9-9, 2-4' })).toBe('a/spot 2-4');
    expect(wanting({ 'burstlet.dev/use-sizes': '4-8', 'burstlet.dev/use-market': 'spot' })).toBe('too-large');
  });

  it('finds nothing too large as long as it has no offers', () => {
    const empty = new OfferBook({ clock, random: () => 1, offers: () => [] });
    expect(empty.choose(small)).toEqual({ kind: 'shut', passed: [], at: clock.now() + 30_000 });
  });

  it('asks again when nobody ever heard what became of a probe', async () => {
    book.outOfStock('a/spot', clock.now(), 'none left');
    await clock.advance(30_000);
    expect([chosen(), chosen()]).toEqual(['a/spot', 'b/spot']);
    await clock.advance(120_000);
    expect(chosen()).toBe('a/spot');
  });
});
