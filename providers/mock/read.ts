import { ProviderError } from '../contract/index.ts';

/** Says what is wrong with a value that a person wrote: where, what is wanted, what was found. */
export function wrong(where: string, wanted: string, value: unknown): ProviderError {
  const found = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 80);
  return new ProviderError('InvalidSpec', `${where}: expected ${wanted}, found ${found}`, { field: where });
}

export type Fields = Readonly<Record<string, unknown>>;

/** An object with no other keys than those named; with none named, any. */
export function readObject(value: unknown, where: string, keys?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(where, 'an object', value);
  const fields = value as Fields;
  const stranger = keys && Object.keys(fields).find((key) => !keys.includes(key));
  if (stranger !== undefined)
    throw new ProviderError(
      'InvalidSpec',
      `${where}: unknown key ${JSON.stringify(stranger)}; known are ${keys?.join(', ')}`,
      { field: `${where}.${stranger}` },
    );
  return fields;
}

export function readNumber(value: unknown, where: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !inRange(value, min, max))
    throw wrong(where, `a number ${range(min, max)}`, value);
  return value;
}

export function readInteger(value: unknown, where: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || !inRange(value, min, max))
    throw wrong(where, `a whole number ${range(min, max)}`, value);
  return value;
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
}

export function readText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrong(where, 'a text', value);
  return value;
}

export function readOneOf<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === value);
  if (choice === undefined) throw wrong(where, `one of ${choices.join(', ')}`, value);
  return choice;
}

export function readList<T>(
  value: unknown,
  where: string,
  read: (entry: unknown, where: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw wrong(where, 'a list', value);
  return value.map((entry, index) => read(entry, `${where}[${index}]`));
}

/** Reads `fields[key]` when it is there, else gives the fallback. */
export function optional<T>(
  fields: Fields,
  key: string,
  where: string,
  fallback: T,
  read: (value: unknown, where: string) => T,
): T {
  return fields[key] === undefined ? fallback : read(fields[key], `${where}.${key}`);
}
