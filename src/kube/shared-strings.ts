/** Longer ones are rarely the same twice, and names of Pods are short: the table is bounded by both. */
const maxLength = 64;
const maxEntries = 20_000;

/**
 * Lets objects that were parsed apart share their equal strings: thousands of Pods say the same few hundred words
 * (`NoExecute`, `IfNotPresent`, the same second), and each parse makes them anew.
 */
export class SharedStrings {
  #known = new Map<string, string>();

  /** The same object, with its strings replaced in place. */
  in<T>(value: T): T {
    return this.#share(value) as T;
  }

  #share(value: unknown): unknown {
    if (typeof value === 'string') return value.length > maxLength ? value : this.#one(value);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) value[index] = this.#share(value[index]);
    } else if (typeof value === 'object' && value !== null) {
      const record = value as Record<string, unknown>;
      for (const key in record) {
        const item = record[key];
        if (typeof item === 'string' || typeof item === 'object') record[key] = this.#share(item);
      }
    }
    return value;
  }

  #one(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // Starting anew is simpler than ageing, and as good: what is common is soon back.
    if (this.#known.size >= maxEntries) this.#known = new Map();
    this.#known.set(text, text);
    return text;
  }
}
