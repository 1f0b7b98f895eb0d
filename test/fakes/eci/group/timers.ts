/** Moments at which something falls due, by name; each name at most once. */
export class Timers<Name extends string> {
  readonly #due = new Map<Name, number>();

  set(name: Name, at: number): void {
    this.#due.set(name, at);
  }

  delete(name: Name): void {
    this.#due.delete(name);
  }

  clear(): void {
    this.#due.clear();
  }

  /** The first moment; Infinity = none. */
  next(): number {
    return Math.min(...this.#due.values(), Number.POSITIVE_INFINITY);
  }

  /** One that is due by then, and is no more; in the order in which they were set. */
  take(at: number): Name | undefined {
    const name = [...this.#due].find(([, due]) => due <= at)?.[0];
    if (name !== undefined) this.#due.delete(name);
    return name;
  }
}
