import { ProviderError } from '../contract/errors.ts';
import { logTime, selectLog } from '../contract/log-select.ts';
import type { LogEntry, LogQuery } from '../contract/logs.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus } from './engine/errors.ts';
import { readFrames } from './engine/frames.ts';
import { parseRecord } from './view/log-records.ts';

const maxLineBytes = 2 ** 20;

/**
 * The log of one run as the engine has kept it. The engine counts the tail as the kubelet does; what is too old is
 * dropped here, for it is exact to the nanosecond.
 */
export async function* readLog(
  engine: Engine,
  containerId: string,
  query: Omit<LogQuery, 'container' | 'previous'>,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void, undefined> {
  const { follow, tailLines, sinceTime } = query;
  if (tailLines === 0 && !follow) return;
  try {
    const { Config } = await engine.inspect(containerId, signal);
    const options = {
      follow,
      ...(tailLines === undefined ? {} : { tail: tailLines }),
      ...(sinceTime === undefined || tailLines !== undefined ? {} : { since: unixTime(sinceTime) }),
    };
    const chunks = await engine.logs(containerId, options, signal);
    const entries = Config.Tty ? entriesOfTerminal(chunks) : entriesOfFrames(chunks);
    yield* selectLog(entries, sinceTime === undefined ? {} : { sinceTime });
  } catch (error) {
    if (signal.aborted) return;
    if (hasStatus(error, 404))
      throw new ProviderError('NotFound', `container ${containerId} has no log`, { cause: error });
    throw error;
  }
}

/** Each frame is one record. */
async function* entriesOfFrames(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LogEntry, void, undefined> {
  for await (const { stream, data } of readFrames(chunks)) {
    const record = parseRecord(data);
    if (record !== undefined) yield { ...record, stream };
  }
}

/** A terminal has one stream, which the engine sends as it is. */
async function* entriesOfTerminal(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LogEntry, void, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      const record = parseRecord(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
      if (record !== undefined) yield { ...record, stream: 'stdout' };
    }
    if (rest.length > maxLineBytes)
      throw new ProviderError('Retryable', `the engine sent a log line of more than ${maxLineBytes} bytes`);
  }
  const record = parseRecord(rest);
  if (record !== undefined) yield { ...record, stream: 'stdout' };
}

/** Seconds with nine decimals, as the engine takes them. */
function unixTime(time: string): string {
  const stamp = logTime(time);
  return `${Math.floor(Date.parse(stamp) / 1000)}.${stamp.slice(20, 29)}`;
}
