import type { Instance, InstanceRef, LogEntry, LogQuery, ProviderClock } from '../contract/index.ts';
import { delay, ProviderError, selectLog } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import type { Fleet } from './fleet.ts';
import type { Mark } from './log-lines.ts';
import { beginning, logLines, markAfter, newerThan } from './log-lines.ts';

/** The most that one call gives: as many lines, and a megabyte. */
const mostLines = 2000;
const mostBytes = 1024 * 1024;
/** Between two calls for a log that is followed: there are 500 in a minute for the whole account. */
const fastMs = 1_000;
const slowMs = 5_000;

export interface LogsDeps {
  readonly calls: Calls;
  readonly fleet: Fleet;
  readonly clock: ProviderClock;
}

interface Run {
  readonly count: number;
  readonly hasEnded: boolean;
}

/** The log of one container, read page by page: the API has no stream, so what is followed is asked for again and again. */
export async function* eciLog(
  deps: LogsDeps,
  ref: InstanceRef,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  const { container, previous, follow } = query;
  const instance = await deps.fleet.look(ref.id, 'log', signal);
  const run = runOf(instance, ref, container);
  if (previous && run.count === 0)
    throw new ProviderError('NotFound', `container ${container} has no previous run`);
  const stored = logLines(await page(deps, ref, container, { previous, ...tailOf(query) }, signal));
  yield* selectLog(
    stored,
    query,
    follow && !previous
      ? followed(deps, ref, container, run, markAfter(stored, beginning), signal)
      : undefined,
  );
}

/** More lines than there are to be had are the same as all. */
function tailOf({ tailLines, follow }: LogQuery): { readonly tail: number } {
  return {
    tail: follow || tailLines === undefined ? mostLines : Math.min(mostLines, Math.max(1, tailLines)),
  };
}

async function* followed(
  deps: LogsDeps,
  ref: InstanceRef,
  container: string,
  { count }: Run,
  from: Mark,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  let mark = from;
  let periodMs = fastMs;
  for (;;) {
    await delay(deps.clock, periodMs, signal);
    if (signal.aborted) return;
    const instance = await deps.fleet.look(ref.id, 'log', signal);
    const now = instance && find(instance, container);
    // What a run wrote last is read after it was seen to have ended.
    const isNext = now !== undefined && now.count > count;
    const isOver = now === undefined || isNext || now.hasEnded;
    const wanted = {
      previous: isNext,
      tail: mostLines,
      ...(mark.time && { startTime: wholeSecond(mark.time) }),
    };
    const fresh = newerThan(logLines(await lastPage(deps, ref, container, wanted, isOver, signal)), mark);
    yield* fresh;
    if (isOver) return;
    mark = markAfter(fresh, mark);
    periodMs = fresh.length > 0 ? fastMs : Math.min(slowMs, periodMs * 1.5);
  }
}

interface Wanted {
  readonly previous: boolean;
  readonly tail: number;
  readonly startTime?: string;
}

async function page(
  { calls }: LogsDeps,
  { id }: InstanceRef,
  container: string,
  { previous, tail, startTime }: Wanted,
  signal: AbortSignal,
): Promise<string> {
  const answer = await calls.call(
    'describeContainerLog',
    {
      containerGroupId: id,
      containerName: container,
      timestamps: true,
      tail,
      limitBytes: mostBytes,
      ...(previous && { lastTime: true }),
      ...(startTime !== undefined && { startTime }),
    },
    { urgency: 'log' },
    signal,
  );
  return answer.content ?? '';
}

/** Nothing, when the log is gone with what wrote it. */
async function lastPage(
  deps: LogsDeps,
  ref: InstanceRef,
  container: string,
  wanted: Wanted,
  isOver: boolean,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await page(deps, ref, container, wanted, signal);
  } catch (error) {
    if (isOver) return '';
    throw error;
  }
}

function runOf(instance: Instance | undefined, ref: InstanceRef, container: string): Run {
  if (instance === undefined) throw new ProviderError('NotFound', `there is no instance ${ref.id}`);
  const run = find(instance, container);
  if (run === undefined)
    throw new ProviderError('NotFound', `container ${container} of instance ${ref.id} has not been started`);
  return run;
}

function find({ containers, phase }: Instance, name: string): Run | undefined {
  const container = containers.find((each) => each.name === name);
  if (container === undefined || container.id === '') return undefined;
  const { state, restartCount } = container;
  return { count: restartCount, hasEnded: phase === 'Stopped' || state.kind !== 'running' };
}

/** The API takes times without fractions. */
function wholeSecond(time: string): string {
  return `${time.slice(0, 19)}Z`;
}
