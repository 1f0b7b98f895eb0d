import { Writable } from 'node:stream';
import { ProviderError } from '../../contract/errors.ts';
import type { ForwardedConnection } from '../../contract/streams.ts';
import { connectCommand } from '../image/sandbox-image.ts';
import { sandboxName } from '../pod/labels.ts';
import type { ExecDeps } from './exec.ts';
import { exec } from './exec.ts';

const longestWords = 4096;

/**
 * As ContainerRuntime.portForward. The connection is made by a program in the sandbox itself, which the engine runs like
 * any other command: that reaches the loopback there, and needs neither a way to the Pod's address nor the same machine.
 */
export async function forward(
  deps: ExecDeps,
  sandboxId: string,
  port: number,
  connection: ForwardedConnection,
  signal: AbortSignal,
): Promise<void> {
  const down = new Down(connection);
  try {
    const request = { command: connectCommand(port), tty: false };
    const streams = { stdin: connection, stdout: down, stderr: down.told };
    const code = await exec(deps, sandboxName(sandboxId), request, streams, signal);
    if (code !== 0) throw failure(port, code, down.words);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** What comes from the port: its bytes, and beside them how many there are in all, told when there will be no more. */
class Down extends Writable {
  readonly #connection: ForwardedConnection;
  #bytes = 0n;
  #told = Buffer.alloc(0);

  /** The error output of the program. */
  readonly told = new Writable({
    write: (data: Buffer, _encoding, done) => {
      if (this.#told.length < longestWords) this.#told = Buffer.concat([this.#told, data]);
      this.#endIfComplete();
      done();
    },
  });

  constructor(connection: ForwardedConnection) {
    super();
    this.#connection = connection;
  }

  get words(): string {
    return this.#told.toString().trim();
  }

  override _write(data: Buffer, _encoding: string, done: () => void): void {
    this.#bytes += BigInt(data.length);
    if (this.#connection.write(data)) done();
    else this.#connection.once('drain', done);
    this.#endIfComplete();
  }

  #endIfComplete(): void {
    if (this.#told.length === 8 && this.#told.readBigUInt64LE() === this.#bytes) this.#connection.end();
  }
}

/** Linux's numbers, in its words: the program runs on the engine's machine, not on this one. */
const words: Readonly<Record<number, string>> = {
  32: 'broken pipe',
  104: 'connection reset by peer',
  110: 'connection timed out',
  111: 'connection refused',
};

function failure(port: number, code: number, said: string): ProviderError {
  if (said.startsWith('OCI runtime'))
    return new ProviderError(
      'Unsupported',
      `the sandbox has no program for port forwarding; it was made by an earlier version, make the Pod anew: ${said}`,
    );
  const why = words[code] ?? `error ${code}`;
  return new ProviderError('Retryable', `failed to connect to localhost:${port} inside the sandbox: ${why}`);
}
