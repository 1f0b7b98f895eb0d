export interface OptionFault {
  /** `provider.options.vSwitches[0].id` */
  readonly at: string;
  readonly what: string;
}

/** Reads an object that a person wrote. Nothing throws: faults are gathered, so that all are told at once. */
export interface OptionReader {
  text(key: string, pattern: RegExp, wanted: string): string | undefined;
  optionalText(key: string, pattern: RegExp, wanted: string): string | undefined;
  number(key: string, least: number): number;
  optionalNumber(key: string, least: number): number | undefined;
  optionalWhole(key: string, least: number, most: number): number | undefined;
  flag(key: string): boolean | undefined;
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined;
  texts(key: string): Readonly<Record<string, string>>;
  numbers(key: string, least: number): Readonly<Record<string, number>>;
  object<T>(key: string, read: (each: OptionReader) => T): T | undefined;
  list<T>(key: string, least: number, read: (each: OptionReader) => T): readonly T[];
  fault(key: string, what: string): void;
  /** What is wrong, unknown keys included: to be called when all known keys were read. */
  finish(): readonly OptionFault[];
}

export function readOptions(options: unknown, where: string): OptionReader {
  return new Reader(options, where, []);
}

class Reader implements OptionReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #faults: OptionFault[];
  readonly #known = new Set<string>();

  constructor(options: unknown, where: string, faults: OptionFault[]) {
    this.#where = where;
    this.#faults = faults;
    this.#fields = isObject(options) ? options : {};
    if (!isObject(options)) faults.push({ at: where, what: `expected an object, found ${shown(options)}` });
  }

  text(key: string, pattern: RegExp, wanted: string): string | undefined {
    return this.#read(key, wanted, (value) => typeof value === 'string' && pattern.test(value), true);
  }

  optionalText(key: string, pattern: RegExp, wanted: string): string | undefined {
    return this.#read(key, wanted, (value) => typeof value === 'string' && pattern.test(value));
  }

  number(key: string, least: number): number {
    return this.#read(key, `a number of ${least} or more`, isNumber(least), true) ?? least;
  }

  optionalNumber(key: string, least: number): number | undefined {
    return this.#read(key, `a number of ${least} or more`, isNumber(least));
  }

  optionalWhole(key: string, least: number, most: number): number | undefined {
    const fits = (value: unknown): boolean =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
    return this.#read(key, `a whole number from ${least} to ${most}`, fits);
  }

  flag(key: string): boolean | undefined {
    return this.#read(key, 'true or false', (value) => typeof value === 'boolean');
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    return this.#read(key, `one of ${choices.join(', ')}`, (value) => choices.some((one) => one === value));
  }

  texts(key: string): Readonly<Record<string, string>> {
    return this.#map(key, 'texts', (value) => typeof value === 'string');
  }

  numbers(key: string, least: number): Readonly<Record<string, number>> {
    return this.#map(key, `numbers of ${least} or more`, isNumber(least));
  }

  object<T>(key: string, read: (each: OptionReader) => T): T | undefined {
    this.#known.add(key);
    const value = this.#fields[key];
    return value === undefined ? undefined : this.#inner(value, key, read);
  }

  list<T>(key: string, least: number, read: (each: OptionReader) => T): readonly T[] {
    const wanted = least > 0 ? `a list of ${least} or more` : 'a list';
    const list =
      this.#read<unknown[]>(
        key,
        wanted,
        (value) => Array.isArray(value) && value.length >= least,
        least > 0,
      ) ?? [];
    return list.map((value, index) => this.#inner(value, `${key}[${index}]`, read));
  }

  fault(key: string, what: string): void {
    this.#faults.push({ at: `${this.#where}.${key}`, what });
  }

  finish(): readonly OptionFault[] {
    for (const key of Object.keys(this.#fields))
      if (!this.#known.has(key))
        this.fault(
          key,
          `there is no such option; correct it to one of ${[...this.#known].join(', ')}, or remove it`,
        );
    return this.#faults;
  }

  #inner<T>(value: unknown, key: string, read: (each: OptionReader) => T): T {
    const inner = new Reader(value, `${this.#where}.${key}`, this.#faults);
    const result = read(inner);
    inner.finish();
    return result;
  }

  #map<T>(key: string, wanted: string, fits: (value: unknown) => boolean): Readonly<Record<string, T>> {
    const isMap = (value: unknown): boolean => isObject(value) && Object.values(value).every(fits);
    return this.#read<Record<string, T>>(key, `an object of ${wanted}`, isMap) ?? {};
  }

  /** The types that the callers name are what their `fits` has looked for. */
  #read<T>(key: string, wanted: string, fits: (value: unknown) => boolean, isNeeded = false): T | undefined {
    this.#known.add(key);
    const value = this.#fields[key];
    if (value === undefined && !isNeeded) return undefined;
    if (fits(value)) return value as T;
    this.fault(key, `expected ${wanted}, found ${isSecret(key) ? 'something else' : shown(value)}`);
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(least: number): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && Number.isFinite(value) && value >= least;
}

function isSecret(key: string): boolean {
  return /secret|token|credential/i.test(key);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}
