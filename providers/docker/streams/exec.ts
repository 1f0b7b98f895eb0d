import type { Socket } from 'node:net';
import type { ProviderClock } from '../../contract/clock.ts';
import { delay } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import { followSizes } from '../../contract/follow-sizes.ts';
import type { ExecRequest, ProcessStreams } from '../../contract/streams.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineError, hasStatus, isNotRunning } from '../engine/errors.ts';
import { hasEnded } from '../engine/shapes.ts';
import { isRefusedByRuntime } from '../view/run-state.ts';
import { converse, lost } from './conversation.ts';
import { killExec } from './kill-exec.ts';
import { ExecOutput } from './output.ts';
import { isAlive } from './session-processes.ts';

/** The engine ends the output of a command when that has ended, and notes its exit code a moment later. */
const firstLookMs = 10;
const longestLookMs = 500;
const longestMomentMs = 10_000;
const longestSizeWaitMs = 1_000;

export interface ExecDeps {
  readonly engine: Engine;
  readonly clock: ProviderClock;
}

/** As ContainerRuntime.exec. */
export async function exec(
  deps: ExecDeps,
  containerId: string,
  { command, tty }: ExecRequest,
  streams: ProcessStreams,
  signal: AbortSignal,
): Promise<number> {
  const { engine } = deps;
  const { stdin, sizes } = streams;
  const id = await create(engine, containerId, { command, tty, stdin: stdin !== undefined }, signal);
  const output = new ExecOutput(tty, streams);
  const over = new AbortController();
  let connection: Socket | undefined;
  try {
    connection = await engine.startExec(id, { tty }, signal);
    const { first, leave } = followSizes(tty ? sizes : undefined, (size) =>
      engine.resizeExec(id, size, signal),
    );
    // What is typed ahead is for a terminal that has its size. Not every client tells one.
    const inputAfter = Promise.race([first, delay(deps.clock, longestSizeWaitMs, over.signal)]);
    // A terminal has no end of input, only a character for it; the engine would end the output instead.
    const endInput = (): void => void (tty || connection?.end());
    const take = (chunk: Buffer) => output.take(chunk);
    await converse(connection, { input: stdin, inputAfter, endInput, take }, signal).finally(leave);
    if (!output.isWhole) throw lost('its output was cut');
    const { code, hasRun } = await ending(deps, id, signal);
    if (!hasRun) return refused(streams, output.held || `the command was not started (${code})`);
    output.release('stdout');
    await output.taken(signal);
    return code;
  } catch (error) {
    // An answer of the engine instead of a connection: nothing was started.
    if (error instanceof EngineError && connection === undefined) return refused(streams, error.message);
    // Before the connection is closed: the command must not take that for the end of its input.
    await killExec(deps, id);
    throw error;
  } finally {
    over.abort();
    connection?.destroy();
  }
}

async function create(
  engine: Engine,
  containerId: string,
  request: ExecRequest & { readonly stdin: boolean },
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await engine.createExec(containerId, request, signal)).Id;
  } catch (error) {
    if (isNotRunning(error)) throw new ProviderError('NotFound', error.message, { cause: error });
    throw error;
  }
}

/**
 * What became of a command whose output has ended. One that still runs then has lost its connection; where its process
 * can be seen that is known at once, otherwise after a while.
 */
async function ending(
  { engine, clock }: ExecDeps,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly hasRun: boolean }> {
  const since = clock.now();
  for (let wait = firstLookMs; ; wait = Math.min(wait * 2, longestLookMs)) {
    const command = await look(engine, id, signal);
    const { Running, ExitCode, Pid, ContainerID, CanRemove = false } = command;
    // Podman has said on the error output of a command why it was not started.
    if (hasEnded(command)) return { code: ExitCode ?? 0, hasRun: Pid > 0 || CanRemove };
    if (clock.now() - since > longestMomentMs || (Running && (await isAlive(Pid, ContainerID))))
      throw lost('it runs on');
    await delay(clock, wait, signal);
    signal.throwIfAborted();
  }
}

async function look(engine: Engine, id: string, signal: AbortSignal) {
  try {
    return await engine.inspectExec(id, signal);
  } catch (error) {
    // An engine that was restarted knows nothing of it.
    throw hasStatus(error, 404) ? lost('the engine was restarted') : error;
  }
}

/** The low-level runtime's words are the error output of the command; its codes as runc gives them to a shell. */
function refused(streams: ProcessStreams, words: string): number {
  if (!isRefusedByRuntime(words)) throw new ProviderError('Retryable', words.trim());
  const text = words.trimEnd();
  const target = streams.stderr ?? streams.stdout;
  if (target?.writable) target.write(`${text}${streams.stderr ? '\n' : '\r\n'}`);
  return /executable file not found|no such file or directory/i.test(text) ? 127 : 126;
}
