import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ProviderError } from '../../contract/errors.ts';

export interface Conversation {
  readonly input?: Readable | undefined;
  /** The input begins no sooner. Never rejects. */
  readonly inputAfter?: Promise<unknown>;
  /** The input has ended, and all of it is on its way. */
  readonly endInput: () => void;
  /** Takes output. What it returns is full and is waited for before more is read. */
  readonly take: (chunk: Buffer) => readonly Writable[];
}

/**
 * Carries bytes both ways between streams and a connection that the engine has handed over, with back-pressure, until
 * the engine ends it. Rejects when either side breaks, or the signal fires. Closes nothing: the caller destroys the
 * connection, and the streams are left to their owner.
 */
export function converse(
  connection: Socket,
  { input, inputAfter = Promise.resolve(), endInput, take }: Conversation,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isWaiting = false;
    let hasSent = false;
    let isOver = false;

    function settle(error?: unknown): void {
      isOver = true;
      signal.removeEventListener('abort', onAbort);
      if (input !== undefined) {
        input
          .off('end', onInputEnd)
          .off('close', onInputClose)
          .off('error', onInputError)
          .off('data', onInput);
        input.unpipe(connection);
      }
      connection.off('data', onData).off('end', onEnd).off('close', onClose).pause();
      if (error === undefined) resolve();
      else reject(error);
    }
    const onAbort = (): void => settle(signal.reason);
    const onEnd = (): void => settle();
    const onInput = (): void => {
      hasSent = true;
    };
    const onInputEnd = (): void => endInput();
    const onInputError = (error: Error): void => settle(lost(`its input broke off: ${error.message}`));
    /** Half an input must not pass for a whole one. */
    const onInputClose = (): void => {
      if (input?.readableEnded !== true) settle(lost('its input broke off'));
    };
    const onData = (chunk: Buffer): void => {
      try {
        const full = take(chunk);
        if (full.length === 0) return;
        connection.pause();
        isWaiting = true;
        Promise.all(full.map(drained)).then(() => {
          isWaiting = false;
          connection.resume();
        }, settle);
      } catch (error) {
        settle(error);
      }
    };
    /**
     * A process that ends without reading its input makes the engine close the connection with bytes unread, which is a
     * reset. Then all output is here already, but not if the reader was being waited for.
     */
    const onClose = (): void => {
      const { errored } = connection;
      const isReset = errored !== null && 'code' in errored && resets.has(String(errored.code));
      settle(isReset && hasSent && !isWaiting ? undefined : lost(errored?.message ?? 'it was closed'));
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    connection.on('end', onEnd).on('close', onClose).on('data', onData);
    if (connection.destroyed) return onClose();
    if (input === undefined) return;
    input.once('end', onInputEnd).once('close', onInputClose).once('error', onInputError);
    if (input.readableEnded) onInputEnd();
    else if (input.destroyed) onInputClose();
    else void inputAfter.then(() => isOver || input.on('data', onInput).pipe(connection, { end: false }));
  });
}

const resets: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export function lost(why: string): ProviderError {
  return new ProviderError('Retryable', `the connection to the command was lost: ${why}`);
}

/**
 * Writes; the result is what is full now, and has to be waited for. `onTaken` is called when the target has taken the data,
 * or broke.
 */
export function pour(target: Writable, data: Buffer, onTaken: () => void): Writable[] {
  if (!target.writable) throw lost('nobody takes its output any more');
  return target.write(data, onTaken) ? [] : [target];
}

function drained(target: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => (): void => {
      target.off('drain', onDrain).off('close', onClose).off('error', onClose);
      settle();
    };
    const onDrain = finish(resolve);
    const onClose = finish(() => reject(lost('nobody takes its output any more')));
    target.on('drain', onDrain).on('close', onClose).on('error', onClose);
    if (!target.writableNeedDrain) (target.writable ? onDrain : onClose)();
  });
}
