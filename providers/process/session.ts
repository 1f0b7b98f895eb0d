import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import type { ProviderClock } from '../contract/clock.ts';
import { delay } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ProcessStreams, TerminalSize } from '../contract/streams.ts';
import { inflow } from './inflow.ts';
import { Outflow } from './outflow.ts';
import type { SessionConnection } from './session-connection.ts';
import type { StreamName } from './session-protocol.ts';

/** Clients send the size of their terminal at once; a program that asks for it at its start shall see it. */
const firstSizeMs = 200;

/**
 * One exec or attach, from the runtime's side. Resolves to the exit code; rejects when the signal fires, a stream breaks or
 * the connection is lost, and the command is dead then, unless the shim does not answer.
 */
export async function runSession(
  connection: SessionConnection,
  streams: ProcessStreams,
  clock: ProviderClock,
  signal: AbortSignal,
): Promise<number> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const unlessFailed = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed.promise]);
  const broken = (what: string) => (error: Error) =>
    failed.reject(new ProviderError('Retryable', `${what}: ${error.message}`, { cause: error }));
  const abort = (): void => failed.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const outflows: Outflow[] = [];
  let stopInput = (): void => {};
  let isDone = false;
  try {
    signal.throwIfAborted();
    const ends = openFifos(connection.folder, connection.streams);
    for (const name of ['stdout', 'stderr'] as const) {
      const [source, sink] = [ends[name], streams[name]];
      if (source === undefined || sink === undefined) continue;
      const outflow = new Outflow(source, sink, clock);
      outflow.ended.catch(broken(name));
      outflows.push(outflow);
    }
    if (streams.stdin !== undefined)
      stopInput = inflow(streams.stdin, ends.stdin, {
        ended: () => connection.send({ eof: true }),
        broken: broken('stdin'),
      });
    if (streams.sizes !== undefined) {
      const first = tellSizes(connection, streams.sizes);
      await unlessFailed(Promise.race([first, delay(clock, firstSizeMs, signal)]));
    }
    connection.send({ go: true });
    const code = await unlessFailed(connection.ended);
    stopInput();
    for (const outflow of outflows) outflow.finish();
    await unlessFailed(Promise.all(outflows.map((outflow) => outflow.ended)));
    isDone = true;
    return code;
  } finally {
    signal.removeEventListener('abort', abort);
    stopInput();
    for (const outflow of outflows) outflow.stop();
    if (isDone) connection.destroy();
    else await connection.leave(clock);
  }
}

/** The runtime's ends of the FIFOs. The shim holds the other ends open, so none of this waits. */
function openFifos(folder: string, names: readonly StreamName[]): Partial<Record<StreamName, Socket>> {
  const ends: Partial<Record<StreamName, Socket>> = {};
  try {
    for (const name of names) {
      const isInput = name === 'stdin';
      const mode = isInput ? constants.O_WRONLY : constants.O_RDONLY;
      const fd = openSync(path.join(folder, name), mode | constants.O_NONBLOCK);
      ends[name] = new Socket({ fd, readable: !isInput, writable: isInput });
    }
    return ends;
  } catch (error) {
    for (const end of Object.values(ends)) end.destroy();
    throw error;
  }
}

/** Passes the sizes on until there are no more; resolves after the first. */
function tellSizes(connection: SessionConnection, sizes: AsyncIterable<TerminalSize>): Promise<void> {
  return new Promise((resolve) => {
    const all = async (): Promise<void> => {
      for await (const size of sizes) {
        connection.send({ size });
        resolve();
      }
    };
    // No more sizes, then; the session does not depend on them.
    all().then(resolve, () => resolve());
  });
}
