import type { TerminalSize } from '../streams.ts';

/**
 * A session with a command in a container, as a platform gives it: bytes there and back, no exit code, no half close,
 * and maybe nothing but a terminal. An adapter makes one of these of its platform's connection, started with
 * `shellCommand`; `runInShell` makes an exec of it.
 */
export interface RemoteChannel {
  /**
   * All that the command wrote, standard error mixed in where the platform mixes it. Read once, and read no faster than
   * it is taken. It ends when the platform has ended the session in order, also after `close`; it throws a ProviderError
   * when the connection broke.
   */
  readonly output: AsyncIterable<Buffer>;
  /** Settles when the platform has taken the bytes, or has room for more; rejects when it no longer can. Calls do not overlap. */
  write(bytes: Buffer): Promise<void>;
  /** Absent where the platform knows no sizes. Never throws: a size that is lost is not worth a session. */
  resize?(size: TerminalSize): void;
  /** Ends the session at the platform, which hangs up on the command. Idempotent, also after the end; never throws. */
  close(): void;
}
