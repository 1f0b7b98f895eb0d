import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { delay } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import { followSizes } from '../../contract/follow-sizes.ts';
import type { ProcessStreams } from '../../contract/streams.ts';
import type { Engine } from '../engine/engine.ts';
import { hasStatus, isNotRunning } from '../engine/errors.ts';
import type { InspectedContainer } from '../engine/shapes.ts';
import { converse, lost } from './conversation.ts';
import type { ExecDeps } from './exec.ts';
import { Output } from './output.ts';

/** From the end of the output of a process to the moment at which the engine says that it has ended. */
const momentMs = 10_000;
/** A session that was begun as the process ended never hears anything: the engine leaves it open. */
const silenceMs = 2_000;

/**
 * As ContainerRuntime.attach. The end of the input ends the session, as it does with a kubelet, unless the container has
 * stdinOnce and no terminal: then the process sees the end of its input, and the session goes on.
 */
export async function attach(
  { engine, clock }: ExecDeps,
  containerId: string,
  streams: ProcessStreams,
  signal: AbortSignal,
): Promise<void> {
  const { OpenStdin = false, StdinOnce = false, Tty } = (await running(engine, containerId, signal)).Config;
  const stdin = OpenStdin ? streams.stdin : undefined;
  // What comes for a process without input goes nowhere, and must not stand in the way of what comes behind it.
  if (!OpenStdin) streams.stdin?.resume();

  const over = new AbortController();
  const session = AbortSignal.any([signal, over.signal]);
  const ended = engine.ended(containerId, session);
  ended.catch(() => {});
  const output = new Output(Tty, streams);
  let connection: Socket | undefined;
  let isSilent = true;
  let inputEnded = false;
  const parted = Promise.withResolvers<void>();
  try {
    connection = await engine.attach(containerId, { stdin: stdin !== undefined }, session);
    const { leave } = followSizes(Tty ? streams.sizes : undefined, (size) =>
      engine.resize(containerId, size, session),
    );
    const endInput = (): void => {
      inputEnded = true;
      connection?.end();
      // Docker ends the session now, Podman leaves it open.
      if (Tty || !StdinOnce) void delay(clock, silenceMs, session).then(parted.resolve);
    };
    const take = (chunk: Buffer): Writable[] => {
      isSilent = false;
      return output.take(chunk);
    };
    const hush = async (): Promise<void> => {
      await ended;
      await delay(clock, silenceMs, session);
      if (!isSilent) await new Promise(() => {});
    };
    const conversation = converse(connection, { input: stdin, endInput, take }, session);
    await Promise.race([conversation, hush(), parted.promise]).finally(leave);
    if (!output.isWhole) throw lost('its output was cut');
    await output.taken(session);
    if (inputEnded) return;
    const moment = delay(clock, momentMs, session).then(() => false);
    if (!(await Promise.race([ended.then(() => true), moment]))) throw lost('the process runs on');
  } catch (error) {
    if (connection === undefined && isNotRunning(error)) throw notRunning(containerId);
    throw error;
  } finally {
    over.abort();
    connection?.destroy();
  }
}

async function running(
  engine: Engine,
  containerId: string,
  signal: AbortSignal,
): Promise<InspectedContainer> {
  try {
    const inspected = await engine.inspect(containerId, signal);
    if (inspected.State.Pid > 0) return inspected;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
  throw notRunning(containerId);
}

function notRunning(containerId: string): ProviderError {
  return new ProviderError('NotFound', `container ${containerId} is not running`);
}
