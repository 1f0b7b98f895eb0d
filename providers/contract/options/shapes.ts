import { inside, tell, unlike } from './place.ts';
import { type Read, Shape } from './shape.ts';

/** `wanted` stands after "expected" and "give", here and below: `the ID of a vSwitch, vsw-...`. */
export function text(wanted = 'text', pattern = /./): Shape<string> {
  return new Shape((value, place) =>
    typeof value === 'string' && pattern.test(value) ? value : unlike(wanted, value, place),
  );
}

export function number(least: number, most?: number): Shape<number> {
  return numeric('a number', () => true, least, most);
}

export function whole(least: number, most?: number): Shape<number> {
  return numeric('a whole number', Number.isInteger, least, most);
}

function numeric(
  kind: string,
  fits: (value: number) => boolean,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): Shape<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  return new Shape((value, place) =>
    typeof value === 'number' && value >= least && value <= most && fits(value)
      ? value
      : unlike(`${kind} ${range}`, value, place),
  );
}

export function flag(): Shape<boolean> {
  return new Shape((value, place) =>
    typeof value === 'boolean' ? value : unlike('true or false', value, place),
  );
}

export function oneOf<const T extends string | number>(
  choices: readonly T[],
  wanted = choices.length > 1 ? `one of ${choices.join(', ')}` : `${choices[0]}`,
): Shape<T> {
  return new Shape((value, place) => choices.find((one) => one === value) ?? unlike(wanted, value, place));
}

/** Requests are signed, not encrypted: what is in them is read by everyone on the way of plain HTTP. */
export function endpoint(): Shape<string> {
  return new Shape((value, place) => {
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '');
    if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) return String(value);
    return unlike('an https URL, or an http URL of this machine', value, place);
  });
}

interface Limits {
  readonly least?: number;
  readonly most?: number;
}

export function listOf<T>(
  wanted: string,
  item: Shape<T>,
  { least = 0, most = Number.POSITIVE_INFINITY }: Limits = {},
): Shape<readonly T[]> {
  return new Shape((value, place) => {
    if (!Array.isArray(value)) return unlike(wanted, value, place);
    const before = place.faults.length;
    if (value.length < least || value.length > most) unlike(wanted, value, place);
    const read = value.flatMap((one: unknown, index) => {
      const made = item.read(one, inside(place, index));
      return made === undefined ? [] : [made];
    });
    return place.faults.length === before ? read : undefined;
  });
}

/** An object whose keys the user chooses. */
export function mapOf<T>(
  wanted: string,
  item: Shape<T>,
  {
    least = 0,
    most = Number.POSITIVE_INFINITY,
    key: name = text(),
  }: Limits & { readonly key?: Shape<string> } = {},
): Shape<Readonly<Record<string, T>>> {
  return new Shape((value, place) => {
    if (!isObject(value)) return unlike(wanted, value, place);
    const before = place.faults.length;
    const entries = Object.entries(value);
    if (entries.length < least || entries.length > most) unlike(wanted, value, place);
    const read = entries.flatMap(([key, one]) => {
      name.read(key, inside(place, key));
      const made = item.read(one, inside(place, key));
      return made === undefined ? [] : [[key, made] as const];
    });
    return place.faults.length === before ? Object.fromEntries(read) : undefined;
  });
}

/** The value itself decides how it is read; undefined = it is nothing that was wanted. */
export function choose<T>(wanted: string, pick: (value: unknown) => Shape<T> | undefined): Shape<T> {
  return new Shape((value, place) => {
    const shape = pick(value);
    return shape === undefined ? unlike(wanted, value, place) : shape.read(value, place);
  });
}

type Table = Readonly<Record<string, Shape<unknown>>>;

/** What a table reads: the keys that may be absent are optional. */
type ReadTable<T extends Table> = {
  readonly [K in keyof T as undefined extends Read<T[K]> ? never : K]: Read<T[K]>;
} & { readonly [K in keyof T as undefined extends Read<T[K]> ? K : never]?: Exclude<Read<T[K]>, undefined> };

/**
 * What is wrong between keys, by the key at which it is told. `read` has the keys without a fault, `given` all as they
 * were written. Nothing is told of a key that has a fault of its own.
 */
type Rules<T extends Table> = (
  read: Partial<ReadTable<T>>,
  given: Readonly<Record<string, unknown>>,
) => Readonly<Partial<Record<keyof T, string | false>>>;

/** An object with the keys of the table and no others. */
export function object<T extends Table>(table: T, rules?: Rules<T>): Shape<ReadTable<T>> {
  const known = Object.keys(table);
  return new Shape((given, place) => {
    if (!isObject(given)) return unlike(`{${known.join(', ')}}`, given, place);
    const before = place.faults.length;
    const faulty = new Set<string>();
    const read: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(table)) {
      const earlier = place.faults.length;
      const made = shape.read(given[key], inside(place, key));
      if (place.faults.length > earlier) faulty.add(key);
      else if (made !== undefined) read[key] = made;
    }
    for (const [key, what] of Object.entries(rules?.(read as Partial<ReadTable<T>>, given) ?? {}))
      if (what && !faulty.has(key)) tell(inside(place, key), what);
    for (const key of Object.keys(given))
      if (!Object.hasOwn(table, key))
        tell(
          inside(place, key),
          `there is no such option; correct it to one of ${known.join(', ')}, or remove it`,
        );
    return place.faults.length === before ? (read as ReadTable<T>) : undefined;
  });
}

/** An object with any of the keys, all of one shape. */
export function eachOf<K extends string, T>(
  keys: readonly K[],
  item: Shape<T>,
): Shape<Readonly<Partial<Record<K, T>>>> {
  const table = object(Object.fromEntries(keys.map((key) => [key, item.optional()])));
  return table as Shape<Readonly<Partial<Record<K, T>>>>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
