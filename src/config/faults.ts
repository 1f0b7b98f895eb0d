import { ConfigError } from './settings.ts';

/** Collects what is wrong, so that all of it can be said at once. */
export class Faults {
  readonly #messages: string[] = [];

  /** What the work gives; undefined when it throws a ConfigError, which is kept. */
  collect<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#messages.push(error.message);
      return undefined;
    }
  }

  /** Throws one ConfigError with a line for each. */
  throwAny(): void {
    if (this.#messages.length > 0) throw new ConfigError(this.#messages.join('\n'));
  }
}
