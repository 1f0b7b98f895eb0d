import { Writable } from 'node:stream';
import type { ForwardedConnection } from '../../contract/streams.ts';
import { lost } from './conversation.ts';

const longestWords = 4096;

/** What comes from the port: its bytes, and beside them how many there are in all, told when there will be no more. */
export class Down extends Writable {
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
    // Who writes sees that it cannot be written to any more.
    this.on('error', () => {});
  }

  get words(): string {
    return this.#told.toString().trim();
  }

  override _write(data: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const connection = this.#connection;
    const gone = lost('the client is gone');
    if (connection.destroyed || this.pass(data)) {
      done(connection.destroyed ? gone : undefined);
      return;
    }
    const finish = (error?: Error): void => {
      connection.off('drain', onDrain).off('close', onClose);
      done(error);
    };
    const onDrain = (): void => finish();
    const onClose = (): void => finish(gone);
    connection.on('drain', onDrain).on('close', onClose);
  }

  /** As `write`, with less in between; false = wait until the connection has drained. */
  pass(data: Buffer): boolean {
    this.#bytes += BigInt(data.length);
    const hasRoom = this.#connection.write(data);
    this.#endIfComplete();
    return hasRoom;
  }

  #endIfComplete(): void {
    if (this.#told.length === 8 && this.#told.readBigUInt64LE() === this.#bytes) this.#connection.end();
  }
}
