import type { InstanceRef, LogEntry, LogQuery } from '../contract/index.ts';
import { logTime, ProviderError, selectLog } from '../contract/index.ts';
import type { MockCloud } from './cloud.ts';
import type { MockRun } from './container.ts';
import type { MockProgram } from './script.ts';

/**
 * The log of one run. Nothing is stored: which line was written when follows from the script and the start of the run.
 */
export function mockLog(
  cloud: MockCloud,
  ref: InstanceRef,
  query: LogQuery,
  signal: AbortSignal,
): AsyncIterable<LogEntry> {
  const container = cloud.inspect(ref).containers.find(({ name }) => name === query.container);
  const run = container?.runOf(query.previous);
  if (container === undefined || run === undefined)
    throw new ProviderError('NotFound', `no such run of container ${query.container}`);
  const lines = new RunLog(container.program, run);
  const stored = [...lines.until(cloud.clock.now())];
  if (!query.follow) return selectLog(stored, query);
  // The end of the run as it is known at each moment: the machine goes on while the log is followed.
  const endOfRun = (): number => {
    for (const previous of [false, true]) {
      const now = container.runOf(previous);
      if (now?.id === run.id) return now.endedAt;
    }
    return cloud.clock.now();
  };
  return selectLog(stored, query, follow(cloud, ref, lines, endOfRun, signal));
}

async function* follow(
  cloud: MockCloud,
  ref: InstanceRef,
  lines: RunLog,
  endOfRun: () => number,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  for (;;) {
    const gone = !cloud.has(ref.id);
    const end = gone ? cloud.clock.now() : endOfRun();
    yield* lines.until(Math.min(end, cloud.clock.now()));
    if (signal.aborted || gone || end <= cloud.clock.now()) return;
    await nextChange(cloud, ref.id, lines.nextAt(), signal);
  }
}

/** Resolves at the next change of the instance, at `at`, or when the signal fires. */
function nextChange(cloud: MockCloud, id: string, at: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      unwatch();
      cancel?.();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const unwatch = cloud.watch(id, done);
    const cancel =
      at === Number.POSITIVE_INFINITY
        ? undefined
        : cloud.clock.schedule(Math.max(0, at - cloud.clock.now()), done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Gives out the lines of a run, each once. */
class RunLog {
  readonly #program: MockProgram;
  readonly #run: MockRun;
  #given = 0;

  constructor(program: MockProgram, run: MockRun) {
    this.#program = program;
    this.#run = run;
  }

  /** When the next line is written; Infinity = never. */
  nextAt(): number {
    if (this.#given >= this.#program.logs.length) return Number.POSITIVE_INFINITY;
    return this.#run.startedAt + this.#given * this.#program.logEveryMs;
  }

  *until(now: number): Generator<LogEntry, void, undefined> {
    const last = Math.min(now, this.#run.endedAt);
    for (let at = this.nextAt(); at <= last; at = this.nextAt()) {
      const line = this.#program.logs[this.#given] ?? '';
      const text = typeof line === 'string' ? line : line.stderr;
      yield {
        time: logTime(at, this.#given % 1_000_000),
        stream: typeof line === 'string' ? 'stdout' : 'stderr',
        data: Buffer.from(text),
        partial: false,
      };
      this.#given++;
    }
  }
}
