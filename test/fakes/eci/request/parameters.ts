import { invalidParameter, missingParameter } from './api-error.ts';

/** Parameters as the RPC style flattens them (`Container.1.Name=web`), put together again. */
export type ParameterTree = ReadonlyMap<string, string | ParameterTree>;

type MutableTree = Map<string, string | MutableTree>;

export function parameterTree(query: ReadonlyMap<string, string>): ParameterTree {
  const root: MutableTree = new Map();
  for (const [name, value] of query) {
    const steps = name.split('.');
    const last = steps.pop() ?? '';
    let at = root;
    for (const step of steps) {
      const next = at.get(step) ?? new Map();
      if (typeof next === 'string') throw invalidParameter(name, 'it is both a value and a structure');
      at.set(step, next);
      at = next;
    }
    if (at.has(last)) throw invalidParameter(name, 'it is both a value and a structure');
    at.set(last, value);
  }
  return root;
}

/** Reads parameters of one structure. Every complaint is an ApiError that names the parameter by its whole path. */
export class Parameters {
  readonly tree: ParameterTree;
  readonly path: string;

  constructor(tree: ParameterTree, path = '') {
    this.tree = tree;
    this.path = path;
  }

  where(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  text(name: string): string | undefined {
    const value = this.tree.get(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw invalidParameter(this.where(name), 'a value is wanted');
    return value;
  }

  needText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missingParameter(this.where(name));
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const choice = choices.find((one) => one === value);
    if (choice === undefined)
      throw invalidParameter(this.where(name), `one of ${choices.join(', ')} is wanted`);
    return choice;
  }

  number(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^-?\d+(\.\d+)?$/.test(value) || number < min || number > max)
      throw invalidParameter(this.where(name), `a number from ${min} to ${max} is wanted, not ${value}`);
    return number;
  }

  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const number = this.number(name, min, max);
    if (number !== undefined && !Number.isInteger(number))
      throw invalidParameter(this.where(name), `a whole number is wanted, not ${number}`);
    return number;
  }

  flag(name: string): boolean | undefined {
    const value = this.oneOf(name, ['true', 'false']);
    return value === undefined ? undefined : value === 'true';
  }

  part(name: string): Parameters | undefined {
    const value = this.tree.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string') throw invalidParameter(this.where(name), 'a structure is wanted');
    return new Parameters(value, this.where(name));
  }

  /** The structures of a list, in the order of their numbers. */
  list(name: string): Parameters[] {
    return this.#entries(name).map(([number, entry]) => {
      const path = `${this.where(name)}.${number}`;
      if (typeof entry === 'string') throw invalidParameter(path, 'a structure is wanted');
      return new Parameters(entry, path);
    });
  }

  texts(name: string): string[] {
    return this.#entries(name).map(([number, entry]) => {
      if (typeof entry !== 'string')
        throw invalidParameter(`${this.where(name)}.${number}`, 'a value is wanted');
      return entry;
    });
  }

  /** A JSON array of texts in one value, as the calls that take many IDs want it. */
  jsonTexts(name: string, max: number): string[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const list = parseTexts(value);
    if (list === undefined) throw invalidParameter(this.where(name), 'a JSON array of strings is wanted');
    if (list.length > max) throw invalidParameter(this.where(name), `at most ${max} entries are allowed`);
    return list;
  }

  #entries(name: string): (readonly [number, string | ParameterTree])[] {
    const value = this.tree.get(name);
    if (value === undefined) return [];
    if (typeof value === 'string') throw invalidParameter(this.where(name), 'a list is wanted');
    const entries = [...value].map(([key, entry]) => [Number(key), entry] as const);
    entries.sort(([first], [second]) => first - second);
    entries.forEach(([number], index) => {
      if (number !== index + 1) throw invalidParameter(this.where(name), 'a list counts from 1 without gaps');
    });
    return entries;
  }
}

function parseTexts(value: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(value);
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  } catch {
    // Said by the caller, with the name of the parameter.
  }
  return undefined;
}
