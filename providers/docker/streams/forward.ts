import { ProviderError } from '../../contract/errors.ts';
import type { ForwardedConnection } from '../../contract/streams.ts';
import { connectCommand } from '../image/sandbox-image.ts';
import { sandboxName } from '../pod/labels.ts';
import { lost } from './conversation.ts';
import { Down } from './down.ts';
import type { ExecDeps } from './exec.ts';
import { exec } from './exec.ts';
import type { Relay, Relays } from './relays.ts';
import { killRelay } from './relays.ts';

export interface ForwardDeps extends ExecDeps {
  readonly relays: Pick<Relays, 'connect'>;
}

/**
 * As ContainerRuntime.portForward. The connection is made by a program in the network of the sandbox, for nothing else
 * reaches the loopback there: one of this machine where that can be, and else one in the sandbox itself, which the engine
 * runs like any other command; that needs neither a way to the Pod's address nor the same machine.
 */
export async function forward(
  deps: ForwardDeps,
  sandboxId: string,
  port: number,
  connection: ForwardedConnection,
  signal: AbortSignal,
): Promise<void> {
  const down = new Down(connection);
  try {
    const use = (relay: Relay): Promise<number> => straight(relay, connection, down, signal);
    const code =
      (await deps.relays.connect(sandboxId, port, use, signal)) ??
      (await throughEngine(deps, sandboxId, port, connection, down, signal));
    if (code !== 0) throw failure(port, code, down.words);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function throughEngine(
  deps: ExecDeps,
  sandboxId: string,
  port: number,
  connection: ForwardedConnection,
  down: Down,
  signal: AbortSignal,
): Promise<number> {
  const request = { command: connectCommand(port), tty: false };
  const streams = { stdin: connection, stdout: down, stderr: down.told };
  return exec(deps, sandboxName(sandboxId), request, streams, signal);
}

/** The exit code of the relay, when all that came from the port is written. */
function straight(
  relay: Relay,
  connection: ForwardedConnection,
  down: Down,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const leave = (): void => {
      isOver = true;
      signal.removeEventListener('abort', onAbort);
      connection.off('close', onClientClose).off('error', onClientClose).off('drain', onDrain);
      connection.unpipe(relay.stdin);
    };
    const fail = (error: unknown): void => {
      if (isOver) return;
      leave();
      killRelay(relay);
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    const onDrain = (): void => void relay.stdout.resume();
    /** Half of what a client sends must not pass for all of it. */
    const onClientClose = (): void => {
      if (!connection.readableEnded || !connection.writableFinished) fail(lost('the client is gone'));
    };
    relay.once('error', fail);
    relay.once('close', (code) => {
      leave();
      if (code === null) reject(lost('it was killed'));
      else resolve(code);
    });
    // The port may have been closed with bytes for it on their way: its exit code tells.
    relay.stdin.on('error', () => {});
    relay.stdout.on('data', (data: Buffer) => {
      if (!isOver && !down.pass(data)) relay.stdout.pause();
    });
    relay.stderr.pipe(down.told, { end: false });
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    connection.on('drain', onDrain).once('close', onClientClose).once('error', onClientClose);
    if (connection.destroyed) return onClientClose();
    connection.pipe(relay.stdin);
    if (connection.readableEnded) relay.stdin.end();
  });
}

/** Linux's numbers, in its words: the program runs on the engine's machine, not on this one. */
const words: Readonly<Record<number, string>> = {
  32: 'broken pipe',
  104: 'connection reset by peer',
  110: 'connection timed out',
  111: 'connection refused',
};

function failure(port: number, code: number, said: string): ProviderError {
  if (said.startsWith('nsenter'))
    return new ProviderError('Retryable', `the network of the sandbox cannot be entered: ${said}`);
  if (said.startsWith('OCI runtime'))
    return new ProviderError(
      'Unsupported',
      `the sandbox has no program for port forwarding; it was made by an earlier version, make the Pod anew: ${said}`,
    );
  const why = words[code] ?? `error ${code}`;
  return new ProviderError('Retryable', `failed to connect to localhost:${port} inside the sandbox: ${why}`);
}
