import type { OutputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { Instance, InstanceRef, LogEntry, LogQuery, ProviderClock } from '../contract/index.ts';
import { delay, logTime, ProviderError, selectLog } from '../contract/index.ts';
import type { LogPage, LogsApi, PageWish } from './api/logs-api.ts';
import type { TaskTable } from './task-table.ts';
import type { Tasks } from './tasks.ts';

export interface TaskLogsDeps {
  readonly api: Pick<LogsApi, 'page'>;
  readonly tasks: Pick<Tasks, 'look'>;
  readonly table: TaskTable;
  readonly clock: ProviderClock;
  readonly group: string;
  readonly prefix: string;
}

/** The most events of one page. */
const pageEvents = 10_000;
const followMs = 1000;
/** How old the last look at a task may be while its log is followed. */
const staleMs = 3000;
/** What a container wrote last can be read some moments after its end. */
const tailLagMs = 3000;

/**
 * Logs of containers as awslogs has put them into CloudWatch: one stream per container, with all its runs, in which
 * standard error cannot be told from standard output. Times are to the millisecond.
 */
export class TaskLogs {
  readonly #deps: TaskLogsDeps;

  constructor(deps: TaskLogsDeps) {
    this.#deps = deps;
  }

  async *read(
    ref: InstanceRef,
    query: LogQuery,
    signal: AbortSignal,
  ): AsyncGenerator<LogEntry, void, undefined> {
    const place = await this.#placeOf(ref, query, signal);
    // A tail is counted before the time is, so CloudWatch may only drop what is old when none is wanted.
    const since =
      query.tailLines === undefined && query.sinceTime !== undefined
        ? Date.parse(query.sinceTime)
        : undefined;
    const cursor: Cursor = { token: undefined };
    const stored =
      query.tailLines === undefined
        ? this.#forward({ ...place, since }, cursor, signal)
        : await this.#lastOf(place, query.tailLines, cursor, signal);
    const live = query.follow
      ? this.#live(ref, query.container, { ...place, since }, cursor, signal)
      : undefined;
    yield* selectLog(stored, query, live);
  }

  async #placeOf(
    ref: InstanceRef,
    { container, previous }: LogQuery,
    signal: AbortSignal,
  ): Promise<StreamPlace> {
    const { table, tasks, group, prefix } = this.#deps;
    if (table.get(ref.id) === undefined && ref.id.startsWith('arn:'))
      await tasks.look([ref.id], signal, 'log');
    const instance = table.get(ref.id)?.instance;
    if (instance === undefined) throw new ProviderError('NotFound', `no task ${ref.id}`);
    if (!instance.containers.some(({ name }) => name === container))
      throw new ProviderError('NotFound', `task ${ref.id} has no container ${container}`);
    if (previous)
      throw new ProviderError(
        'NotFound',
        'the runs of a container have one log in CloudWatch; leave out --previous',
      );
    return { group, stream: `${prefix}/${container}/${ref.id.split('/').at(-1)}` };
  }

  /** From where the cursor stands to the end of what is there; an empty page is not the end, the same token is. */
  async *#forward(
    wish: StreamPlace & { readonly since: number | undefined },
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<LogEntry, void, undefined> {
    for (;;) {
      const page = await this.#page({ ...wish, direction: 'forward', token: cursor.token }, signal);
      if (page === undefined) return;
      for (const event of page.events) yield entryOf(event);
      const ended = page.forward === cursor.token;
      cursor.token = page.forward;
      if (ended) return;
    }
  }

  async #lastOf(place: StreamPlace, count: number, cursor: Cursor, signal: AbortSignal): Promise<LogEntry[]> {
    let events: readonly OutputLogEvent[] = [];
    let token: string | undefined;
    for (;;) {
      const limit = Math.min(pageEvents, Math.max(1, count - events.length));
      const page = await this.#page({ ...place, direction: 'backward', token, limit }, signal);
      if (page === undefined) break;
      events = [...page.events, ...events];
      cursor.token ??= page.forward;
      const ended = page.backward === token;
      token = page.backward;
      if (ended || events.length >= count) break;
    }
    return events.map(entryOf);
  }

  async *#live(
    ref: InstanceRef,
    container: string,
    wish: StreamPlace & { readonly since: number | undefined },
    cursor: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<LogEntry, void, undefined> {
    const { clock } = this.#deps;
    let endedAt: number | undefined;
    while (!signal.aborted) {
      // Looked at before the log is read: what was written before the end is read after it.
      if (endedAt === undefined && (await this.#hasEnded(ref, container, signal))) endedAt = clock.now();
      let read = 0;
      for await (const entry of this.#forward(wish, cursor, signal)) {
        read++;
        yield entry;
      }
      if (endedAt !== undefined && read === 0 && clock.now() - endedAt >= tailLagMs) return;
      await delay(clock, followMs, signal);
    }
  }

  async #hasEnded(ref: InstanceRef, container: string, signal: AbortSignal): Promise<boolean> {
    const { clock, table, tasks } = this.#deps;
    const row = table.get(ref.id);
    if (row !== undefined && row.instance.phase !== 'Stopped' && clock.now() - row.lookedAt > staleMs)
      await tasks.look([ref.id], signal, 'log');
    const instance = table.get(ref.id)?.instance;
    return instance === undefined || ended(instance, container);
  }

  #page(wish: PageWish, signal: AbortSignal): Promise<LogPage | undefined> {
    return this.#deps.api.page(wish, signal);
  }
}

interface StreamPlace {
  readonly group: string;
  readonly stream: string;
}

/** Where the reading of a stream stands. */
interface Cursor {
  token: string | undefined;
}

function ended({ phase, containers }: Instance, name: string): boolean {
  if (phase === 'Stopped') return true;
  return containers.some((container) => container.name === name && container.state.kind === 'terminated');
}

function entryOf({ timestamp = 0, message = '' }: OutputLogEvent): LogEntry {
  return { time: logTime(timestamp), stream: 'stdout', data: Buffer.from(message), partial: false };
}
