/** When something is due, in a time zone. Times are milliseconds since the epoch. */
export interface Schedule {
  /** The first time due after `after`; undefined = not within five years. */
  next(after: number): number | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const horizonMs = 5 * 366 * dayMs;

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Stand for min, min + 1, ... */
  readonly names?: readonly string[];
}

const fieldRules: readonly FieldRule[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: monthNames },
  { name: 'day of week', min: 0, max: 6, names: dayNames },
];

interface Field {
  readonly values: ReadonlySet<number>;
  /** Written as `*` or `?`, with or without a step: a day field that is says nothing against the other one. */
  readonly isOpen: boolean;
}

/**
 * Parses what a CronJob's `schedule` may hold: five fields with lists, ranges, steps and names, the macros and
 * `@every 1h30m` (the dialect of robfig/cron v3 ParseStandard). Throws an Error that names the wrong part.
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  const trimmed = text.trim();
  if (trimmed.length > 256) throw new Error('schedule: longer than 256 characters');
  if (/^(CRON_)?TZ=/.test(trimmed))
    throw new Error('schedule: a time zone goes into spec.timeZone, not into the schedule');
  if (trimmed.startsWith('@every ')) return every(trimmed.slice('@every '.length).trim());
  const expanded = trimmed.startsWith('@') ? macros[trimmed.toLowerCase()] : trimmed;
  if (expanded === undefined) throw new Error(`schedule: unknown macro ${trimmed}`);
  const parts = expanded.split(/\s+/);
  if (parts.length !== 5) throw new Error(`schedule: expected 5 fields, found ${parts.length}: ${trimmed}`);
  const [minutes, hours, days, months, weekdays] = fieldRules.map((rule, at) =>
    parseField(parts[at] ?? '', rule),
  );
  if (!minutes || !hours || !days || !months || !weekdays) throw new Error('schedule: expected 5 fields');
  const local = localClock(timeZone);
  const isDay = ({ day, month, weekday }: LocalTime): boolean => {
    const inDays = days.values.has(day);
    const inWeek = weekdays.values.has(weekday);
    return months.values.has(month) && (days.isOpen || weekdays.isOpen ? inDays && inWeek : inDays || inWeek);
  };
  return {
    next(after) {
      let at = (Math.floor(after / minuteMs) + 1) * minuteMs;
      for (const end = at + horizonMs; at < end; ) {
        const time = local(at);
        if (!isDay(time)) at = nextDay(at, time, local);
        else if (!hours.values.has(time.hour)) at += (60 - time.minute) * minuteMs;
        else if (!minutes.values.has(time.minute)) at += minuteMs;
        else return at;
      }
      return undefined;
    },
  };
}

/** The newest time due in (after, now], found by looking back in windows that double. */
export function lastDue(schedule: Schedule, after: number, now: number): number | undefined {
  for (let window = minuteMs; ; window *= 2) {
    const from = Math.max(after, now - window);
    let found: number | undefined;
    for (let at = schedule.next(from); at !== undefined && at <= now; at = schedule.next(at)) found = at;
    if (found !== undefined || from === after) return found;
  }
}

function parseField(text: string, rule: FieldRule): Field {
  const values = new Set<number>();
  let isOpen = false;
  for (const part of text.split(',')) {
    const fail = (why: string): never => {
      throw new Error(`schedule: ${rule.name}: ${why}: ${part === '' ? 'empty part' : part}`);
    };
    const [range = '', step, ...more] = part.split('/');
    const [from = '', to, ...rest] = range.split('-');
    if (more.length > 0 || rest.length > 0) fail('too many slashes or hyphens');
    const isAny = from === '*' || from === '?';
    if (isAny && to !== undefined) fail('a range of *');
    const width = step === undefined ? 1 : number(step);
    const first = isAny ? rule.min : value(from, rule);
    const last = to !== undefined ? value(to, rule) : isAny || step !== undefined ? rule.max : first;
    if (!(width >= 1)) fail('the step must be a positive number');
    if (!(first >= rule.min && last <= rule.max)) fail(`must be from ${rule.min} to ${rule.max}`);
    if (first > last) fail('the range begins after its end');
    for (let at = first; at <= last; at += width) values.add(at);
    isOpen ||= isAny;
  }
  return { values, isOpen };
}

function value(text: string, { names, min }: FieldRule): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  return named >= 0 ? named + min : number(text);
}

function number(text: string): number {
  return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: minuteMs, s: 1_000 };

function every(text: string): Schedule {
  if (!/^(\d{1,6}[hms])+$/.test(text))
    throw new Error(`schedule: @every wants a duration such as 1h30m: ${text}`);
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0);
  const stepMs = Math.max(1_000, total);
  return { next: (after) => Math.floor(after / 1_000) * 1_000 + stepMs };
}

interface LocalTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

/** Throws an Error for a zone that the platform does not know. */
function localClock(timeZone: string): (at: number) => LocalTime {
  let format: Intl.DateTimeFormat;
  try {
    const numeric = 'numeric' as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric };
    format = new Intl.DateTimeFormat('en-US', { ...fields, timeZone, hourCycle: 'h23', calendar: 'gregory' });
  } catch {
    throw new Error(`timeZone: unknown time zone ${timeZone}`);
  }
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value: text }) => [type, Number(text)]));
    const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const [year, month, day] = [get('year'), get('month'), get('day')];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    return { minute: get('minute'), hour: get('hour'), day, month, weekday };
  };
}

/** The first minute of the next local day, which may be 23 or 25 hours long and need not begin at midnight. */
function nextDay(at: number, time: LocalTime, local: (at: number) => LocalTime): number {
  const next = at + dayMs - (time.hour * 60 + time.minute) * minuteMs;
  const landed = local(next);
  if (landed.day === time.day) return next + (24 - landed.hour) * 60 * minuteMs - landed.minute * minuteMs;
  const earlier = next - (landed.hour * 60 + landed.minute) * minuteMs;
  return local(earlier).day === landed.day ? earlier : next;
}
