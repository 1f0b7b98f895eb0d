import { ProviderError } from '../errors.ts';

/** Faults beyond these are only counted: what is told goes into logs and the status of Pods. */
const mostFaults = 20;
const mostShown = 80;

interface Fault {
  readonly at: string;
  readonly what: string;
}

/** A place in what a person wrote. */
export interface Place {
  /** `provider.options.vSwitches[0].id` */
  readonly at: string;
  /** Of all places of one reading. */
  readonly faults: Fault[];
  /** What is found here and below is not shown. */
  readonly isSecret?: true;
  /** What can be done instead, told behind what was found. */
  readonly hint?: string;
}

export function inside(place: Place, key: string | number): Place {
  const isName = typeof key === 'string' && /^[\w-]{1,80}$/.test(key);
  return { ...place, at: place.at + (isName ? `.${key}` : `[${shown(key)}]`), hint: '' };
}

export function tell({ at, faults }: Place, what: string): undefined {
  faults.push({ at, what });
}

/** Tells of a value that is not what was wanted. */
export function unlike(wanted: string, value: unknown, place: Place): undefined {
  const found = place.isSecret ? '' : `, found ${shown(value)}`;
  tell(
    place,
    value === undefined ? `is missing; give ${wanted}` : `expected ${wanted}${found}${place.hint ?? ''}`,
  );
}

export function throwFaults({ faults }: Place): void {
  const [first] = faults;
  if (first === undefined) return;
  const lines = faults.slice(0, mostFaults).map(({ at, what }) => `${at}: ${what}`);
  if (faults.length > mostFaults) lines.push(`and ${faults.length - mostFaults} more`);
  throw new ProviderError('InvalidSpec', lines.join('\n  '), { field: first.at });
}

/** Never what is in an object or a list, where secrets may be, nor the user and the password of a URL. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.replace(/\/\/[^/]*@/, '//...@').slice(0, mostShown);
}
