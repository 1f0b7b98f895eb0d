import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastDue, parseSchedule } from './cron.ts';

function upcoming(text: string, from: string, count: number, zone?: string): string[] {
  const schedule = parseSchedule(text, zone);
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(from); at !== undefined && found.length < count; ) {
    at = schedule.next(at);
    if (at !== undefined) found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('next times', () => {
  const from = '2026-01-01T00:00Z';
  it.each([
    ['* * * * *', ['2026-01-01T00:01Z', '2026-01-01T00:02Z']],
    ['*/20 * * * *', ['2026-01-01T00:20Z', '2026-01-01T00:40Z', '2026-01-01T01:00Z']],
    ['5/20 3 * * *', ['2026-01-01T03:05Z', '2026-01-01T03:25Z', '2026-01-01T03:45Z', '2026-01-02T03:05Z']],
    ['0 9-17/4 * * *', ['2026-01-01T09:00Z', '2026-01-01T13:00Z', '2026-01-01T17:00Z']],
    ['0 0 29 2 *', ['2028-02-29T00:00Z']],
    ['0 12 * jun,DEC MON-tue', ['2026-06-01T12:00Z', '2026-06-02T12:00Z', '2026-06-08T12:00Z']],
    ['0 0 13 * 5', ['2026-01-02T00:00Z', '2026-01-09T00:00Z', '2026-01-13T00:00Z']],
    ['0 0 */2 * 5', ['2026-01-09T00:00Z', '2026-01-23T00:00Z']],
    ['0 0 ? * 0', ['2026-01-04T00:00Z']],
    ['@monthly', ['2026-02-01T00:00Z']],
    ['@weekly', ['2026-01-04T00:00Z']],
    ['@hourly', ['2026-01-01T01:00Z']],
    ['@every 1h30m', ['2026-01-01T01:30Z', '2026-01-01T03:00Z']],
  ])('%s', (text, times) => {
    expect(upcoming(text, from, times.length)).toEqual(times);
  });

  it('stands in the time zone that is asked for', () => {
    expect(upcoming('30 9 * * *', from, 1, 'Asia/Shanghai')).toEqual(['2026-01-01T01:30Z']);
    expect(upcoming('0 0 1 * *', '2026-01-02T00:00Z', 1, 'Asia/Kolkata')).toEqual(['2026-01-31T18:30Z']);
  });

  it('leaves out an hour that daylight saving skips, and keeps intervals in one that it repeats', () => {
    expect(upcoming('30 2 * * *', '2026-03-28T12:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-30T00:30Z',
      '2026-03-31T00:30Z',
    ]);
    expect(upcoming('*/30 2 * * *', '2026-10-24T12:00Z', 4, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
    ]);
    // Midnight itself does not exist on this day.
    expect(upcoming('0 0 * * *', '2026-09-05T12:00Z', 2, 'America/Santiago')).toEqual([
      '2026-09-07T03:00Z',
      '2026-09-08T03:00Z',
    ]);
  });

  it('never comes for a day that no month has', () => {
    expect(parseSchedule('0 0 31 2 *').next(Date.parse(from))).toBeUndefined();
  });
});

it.each([
  ['* * * *', /expected 5 fields, found 4/],
  ['60 * * * *', /minute: must be from 0 to 59: 60/],
  ['* * * * 7', /day of week: must be from 0 to 6: 7/],
  ['*/0 * * * *', /minute: the step must be a positive number/],
  ['5-1 * * * *', /minute: the range begins after its end: 5-1/],
  ['1,,2 * * * *', /minute: must be from 0 to 59: empty part/],
  ['* * * foo *', /month: must be from 1 to 12: foo/],
  ['@often', /unknown macro @often/],
  ['@every soon', /@every wants a duration/],
  ['TZ=UTC * * * * *', /goes into spec.timeZone/],
])('refuses %s', (text, why) => {
  expect(() => parseSchedule(text)).toThrow(why);
});

it('names a time zone that is not known', () => {
  expect(() => parseSchedule('* * * * *', 'Mars/Olympus')).toThrow(
    'timeZone: unknown time zone Mars/Olympus',
  );
});

it('next() is the first matching minute and lastDue() the last one, as found by trying every minute', () => {
  const field = (max: number, min = 0) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min, max }).map(String),
      fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.integer({ min: 1, max: 9 }).map((width) => `*/${width}`),
    );
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'Asia/Kolkata',
    'America/St_Johns',
    'Australia/Lord_Howe',
  );
  const moments = fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2026, 11, 31) / 60_000 });
  fc.assert(
    fc.property(field(59), field(23), zones, moments, (minutes, hours, zone, minute) => {
      const schedule = parseSchedule(`${minutes} ${hours} * * *`, zone);
      const format = new Intl.DateTimeFormat('en-US', {
        hour: 'numeric',
        minute: 'numeric',
        hourCycle: 'h23',
        timeZone: zone,
      });
      const matches = (text: string, value: number): boolean => {
        const [range = '', step = '1'] = text.split('/');
        const [from = 0, to = from] = range === '*' ? [0, 59] : range.split('-').map(Number);
        return value >= from && value <= to && (value - from) % Number(step) === 0;
      };
      const isDue = (at: number): boolean => {
        const [hour = 0, min = 0] = format.format(at).split(':').map(Number);
        return matches(hours, hour) && matches(minutes, min);
      };
      const from = minute * 60_000;
      let expected = from + 60_000;
      while (!isDue(expected) && expected < from + 3 * 86_400_000) expected += 60_000;
      expect(schedule.next(from)).toBe(expected);
      expect(lastDue(schedule, from, expected)).toBe(expected);
      expect(lastDue(schedule, from, expected - 1)).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

it('finds the newest of many missed times without trying them all', () => {
  const schedule = parseSchedule('* * * * *');
  expect(lastDue(schedule, 0, Date.UTC(2026, 0, 1, 0, 0, 30))).toBe(Date.UTC(2026, 0, 1));
});
