/**
 * The Prometheus text format, version 0.0.4, for a handful of counters and gauges. prom-client does more than is
 * needed here and takes 19 MB of a daemon that has 150 (docs/adr/0006).
 */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** One metric with all its series. */
export class Family {
  readonly #name: string;
  readonly #help: string;
  readonly #type: 'counter' | 'gauge';
  readonly #series = new Map<string, number>();

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.#type = type;
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, amount = 1): void {
    const key = series(labels);
    this.#series.set(key, (this.#series.get(key) ?? 0) + amount);
  }

  set(labels: Labels, value: number): void {
    this.#series.set(series(labels), value);
  }

  text(): string {
    const lines = [...this.#series].map(([key, value]) => `${this.#name}${key} ${value}`);
    return [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} ${this.#type}`, ...lines, ''].join(
      '\n',
    );
  }
}

function series(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
