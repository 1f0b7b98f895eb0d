/**
 * The Prometheus text format, version 0.0.4: counters, gauges and histograms. prom-client does more than is needed here
 * and takes 19 MB of a daemon that has 150 (docs/adr/0006).
 */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** One metric with all its series, as text. */
export interface Exposed {
  text(): string;
}

/** The answer to a scrape. */
export function exposition(families: readonly Exposed[]): {
  readonly contentType: string;
  readonly text: string;
} {
  return { contentType, text: families.map((family) => family.text()).join('') };
}

interface Sample {
  readonly value: number;
  /** When it was measured, milliseconds since the epoch; absent = at the scrape. */
  readonly at?: number | undefined;
}

/** A counter or a gauge. */
export class Family implements Exposed {
  readonly #name: string;
  readonly #help: string;
  readonly #type: 'counter' | 'gauge';
  readonly #series = new Map<string, Sample>();

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.#type = type;
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, amount = 1): void {
    const key = series(labels);
    this.#series.set(key, { value: (this.#series.get(key)?.value ?? 0) + amount });
  }

  set(labels: Labels, value: number, at?: number): void {
    this.#series.set(series(labels), { value, at });
  }

  text(): string {
    const lines = [...this.#series].map(
      ([key, { value, at }]) => `${this.#name}${key} ${value}${at === undefined ? '' : ` ${at}`}`,
    );
    return [...head(this.#name, this.#help, this.#type), ...lines, ''].join('\n');
  }
}

interface Distribution {
  readonly labels: Labels;
  /** How many values are at most as large as the bound of the same place; the last place has no bound. */
  readonly counts: number[];
  sum: number;
}

/** Values sorted into buckets. `bounds` rise. */
export class Histogram implements Exposed {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Distribution>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    const key = series(labels);
    let known = this.#series.get(key);
    if (known === undefined) {
      known = { labels, counts: new Array(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#series.set(key, known);
    }
    known.sum += value;
    const fits = this.#bounds.findIndex((bound) => value <= bound);
    for (let place = fits < 0 ? this.#bounds.length : fits; place < known.counts.length; place++)
      known.counts[place] = (known.counts[place] ?? 0) + 1;
  }

  text(): string {
    const lines = [...this.#series.values()].flatMap(({ labels, counts, sum }) => [
      ...counts.map(
        (count, place) =>
          `${this.#name}_bucket${series({ ...labels, le: String(this.#bounds[place] ?? '+Inf') })} ${count}`,
      ),
      `${this.#name}_sum${series(labels)} ${sum}`,
      `${this.#name}_count${series(labels)} ${counts.at(-1)}`,
    ]);
    return [...head(this.#name, this.#help, 'histogram'), ...lines, ''].join('\n');
  }
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function series(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '{' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text === '' ? '' : `${text}}`;
}

function escaped(value: string): string {
  // A page may have a hundred thousand of them, and hardly one needs it.
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
