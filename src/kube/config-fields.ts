/** Something in a configuration file is wrong. The message says where, what, and what to do; never a secret value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(where: string, what: string) {
    super(`${where}: ${what}`);
  }
}

/** A key path inside a file, for messages: `config: users[2].user.token`. */
export class ConfigPlace {
  readonly file: string;
  readonly #key: string;

  constructor(file: string, key: string) {
    this.file = file;
    this.#key = key;
  }

  below(key: string): ConfigPlace {
    return new ConfigPlace(this.file, this.#path(key));
  }

  error(key: string, what: string): ConfigurationError {
    return new ConfigurationError(this.file, `${this.#path(key)} ${what}`);
  }

  toString(): string {
    return this.#key === '' ? this.file : `${this.file}: ${this.#key}`;
  }

  #path(key: string): string {
    return this.#key === '' || key.startsWith('[') ? `${this.#key}${key}` : `${this.#key}.${key}`;
  }
}

export interface ConfigEntry {
  readonly place: ConfigPlace;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The value as a mapping. */
export function fields(value: unknown, place: ConfigPlace): ConfigEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigurationError(place.toString(), 'must be a mapping of keys to values');
  return { place, value: value as Record<string, unknown> };
}

/** The mappings in a list; an absent list is empty. */
export function listOf({ place, value }: ConfigEntry, key: string): ConfigEntry[] {
  const list = value[key] ?? [];
  if (!Array.isArray(list)) throw place.error(key, 'must be a list');
  return list.map((item, index) => fields(item, place.below(key).below(`[${index}]`)));
}

/** Empty counts as absent, as for Go's kubeconfig. */
export function maybeText({ place, value }: ConfigEntry, key: string): string | undefined {
  const text = value[key] ?? '';
  if (typeof text !== 'string') throw place.error(key, 'must be a text (quote it)');
  return text === '' ? undefined : text;
}

export function maybeBoolean({ place, value }: ConfigEntry, key: string): boolean | undefined {
  const flag = value[key] ?? undefined;
  if (flag !== undefined && typeof flag !== 'boolean') throw place.error(key, 'must be true or false');
  return flag;
}
