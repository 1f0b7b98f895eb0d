import { type Place, tell, throwFaults } from './place.ts';

/**
 * What a value that a person wrote must be, and what becomes of it. A shape knows no key and keeps nothing: it may stand
 * in many tables. It is needed where it stands, unless {@link optional} or {@link or} says otherwise.
 */
export class Shape<T> {
  /** Tells the place of every fault; undefined when there was one. */
  readonly read: (value: unknown, place: Place) => T | undefined;

  constructor(read: (value: unknown, place: Place) => T | undefined) {
    this.read = read;
  }

  /** May be left out, and is absent then. */
  optional(): Shape<T | undefined> {
    return new Shape((value, place) => (value === undefined ? undefined : this.read(value, place)));
  }

  /** May be left out, and is the standard then. */
  or(standard: T): Shape<T> {
    const isTold = typeof standard !== 'object' && standard !== '';
    const hint = isTold ? `; leave it out for ${standard}` : '';
    return new Shape((value, place) =>
      value === undefined ? standard : this.read(value, { ...place, hint }),
    );
  }

  /** Refused when `trouble` says what is wrong with it. */
  unless(trouble: (value: T) => string | false): Shape<T> {
    return new Shape((value, place) => {
      const read = this.read(value, place);
      const what = read !== undefined && trouble(read);
      return what ? tell(place, what) : read;
    });
  }

  /** Is taken as what is made of it. */
  as<U>(make: (value: T) => U): Shape<U> {
    return new Shape((value, place) => {
      const read = this.read(value, place);
      return read === undefined ? undefined : make(read);
    });
  }

  /** What was found here and below is never shown. */
  secret(): Shape<T> {
    return new Shape((value, place) => this.read(value, { ...place, isSecret: true }));
  }
}

/** What is read by a shape: `type MyOptions = Read<typeof myOptions>`. */
export type Read<S> = S extends Shape<infer T> ? T : never;

/**
 * Reads what a person wrote. Throws one InvalidSpec with a line for each fault: where it is, what was expected and what
 * was found.
 */
export function readOptions<T>(shape: Shape<T>, options: unknown, where = 'provider.options'): T {
  const place: Place = { at: where, faults: [] };
  const read = shape.read(options, place);
  throwFaults(place);
  return read as T;
}
