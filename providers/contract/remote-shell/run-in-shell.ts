import { randomBytes } from 'node:crypto';
import type { ProviderClock } from '../clock.ts';
import { delay } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import { followSizes } from '../follow-sizes.ts';
import type { ExecRequest, ProcessStreams } from '../streams.ts';
import { ArmorReader } from './armor.ts';
import type { RemoteChannel } from './channel.ts';
import { ChunkedInput } from './chunked-input.ts';
import { FrameScanner } from './frames.ts';
import { readInput } from './input.ts';
import { MarkedOutput } from './marked-output.ts';
import { Opening } from './opening.ts';
import { endOfAll, endOfInput, frameKinds, type Marks, script } from './script.ts';

export interface RunInShellTools {
  readonly clock: ProviderClock;
}

/** From the first byte to the start of the command. */
const longestStartMs = 30_000;
/** How long a channel may take for the last line. */
const longestPartingMs = 1_000;
const longestSizeWaitMs = 1_000;

/**
 * Runs a command through a channel that was opened with `shellCommand`, and gives its exact exit code. Both outputs
 * come apart, input ends where it ends, and bytes pass unchanged unless a terminal is wanted. It closes the channel,
 * however it ends. Rejects with ProviderError: Unsupported when the image lacks what the shell needs, Retryable when
 * the session ended before the command did.
 */
export async function runInShell(
  channel: RemoteChannel,
  request: ExecRequest,
  streams: ProcessStreams,
  tools: RunInShellTools,
  signal: AbortSignal,
): Promise<number> {
  const session = new ShellSession(channel, request, streams, tools);
  const abort = (): void => session.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await session.run();
  } finally {
    signal.removeEventListener('abort', abort);
    await session.close();
  }
}

class ShellSession {
  readonly #channel: RemoteChannel;
  readonly #request: ExecRequest;
  readonly #streams: ProcessStreams;
  readonly #clock: ProviderClock;
  readonly #marks: Marks = { frame: randomMark(), end: randomMark() };
  readonly #opening: Opening;
  readonly #armor = new ArmorReader();
  readonly #frames = new FrameScanner(this.#marks.frame);
  readonly #stdout: MarkedOutput;
  readonly #stderr: MarkedOutput;
  readonly #input = new ChunkedInput((bytes) => this.#write(bytes));
  readonly #failed = Promise.withResolvers<never>();
  readonly #over = new AbortController();
  /** The terminal has its size before the command looks. Not every client tells one. */
  #sized: Promise<void> = Promise.resolve();
  #writes: Promise<void> = Promise.resolve();

  constructor(
    channel: RemoteChannel,
    request: ExecRequest,
    streams: ProcessStreams,
    { clock }: RunInShellTools,
  ) {
    this.#channel = channel;
    this.#request = request;
    this.#streams = streams;
    this.#clock = clock;
    this.#opening = new Opening({ frameMark: this.#marks.frame, onReady: () => void this.#sendScript() });
    this.#stdout = new MarkedOutput(this.#marks.end, streams.stdout);
    this.#stderr = new MarkedOutput(this.#marks.end, streams.stderr);
    this.#failed.promise.catch(() => undefined);
  }

  run(): Promise<number> {
    const cancel = this.#clock.schedule(longestStartMs, () => {
      if (!this.#opening.isOver) this.fail(this.#opening.tooLate());
    });
    this.#whenOver(cancel);
    const sizes = this.#request.tty ? this.#streams.sizes : undefined;
    const { leave, first } = followSizes(sizes, (size) => this.#channel.resize?.(size));
    this.#whenOver(leave);
    this.#sized = Promise.race([first, delay(this.#clock, longestSizeWaitMs, this.#over.signal)]);
    const ended = this.#converse();
    ended.catch(() => undefined);
    return Promise.race([ended, this.#failed.promise]);
  }

  fail(error: unknown): void {
    this.#failed.reject(error);
  }

  /**
   * A command that still runs is killed: it must not take the end of its session for the end of its input. After its end
   * the shell ends only now, for not every platform delivers what a command writes last.
   */
  async close(): Promise<void> {
    this.#over.abort();
    if (this.#opening.isOver && !this.#request.tty)
      await Promise.race([
        this.#write(Buffer.from(endOfAll)).catch(() => undefined),
        delay(this.#clock, longestPartingMs, new AbortController().signal),
      ]);
    this.#channel.close();
  }

  async #converse(): Promise<number> {
    for await (const chunk of this.#channel.output) {
      if (this.#over.signal.aborted) break;
      const hadBegun = this.#opening.isOver;
      const output = this.#opening.take(chunk);
      if (output === undefined) continue;
      if (!hadBegun) this.#beginInput();
      if (this.#request.tty) await this.#stdout.take(output);
      else await this.#takeArmored(output);
      const code = this.#code;
      if (code === undefined) continue;
      await Promise.all([this.#stdout.taken(), this.#stderr.taken()]);
      return code;
    }
    throw this.#opening.isOver
      ? new ProviderError(
          'Retryable',
          'the session ended before the command did; how that went on is unknown',
        )
      : this.#opening.cut();
  }

  /** Known when all output has come. */
  get #code(): number | undefined {
    if (!this.#request.tty && this.#stderr.code === undefined) return undefined;
    return this.#stdout.code;
  }

  async #sendScript(): Promise<void> {
    const { command, tty } = this.#request;
    try {
      await this.#sized;
      await this.#write(script(command, tty, this.#marks));
    } catch (error) {
      this.fail(error);
    }
  }

  async #takeArmored(text: Buffer): Promise<void> {
    for (const bytes of this.#armor.push(text))
      for (const piece of this.#frames.push(bytes))
        if (piece.kind === 'bytes') await this.#stdout.take(piece.bytes);
        else await this.#takeFrame(piece.body.slice(0, 1), piece.body.slice(1));
  }

  async #takeFrame(kind: string, text: string): Promise<void> {
    if (kind === frameKinds.taken) this.#input.taken();
    else if (kind === frameKinds.refused) this.#input.refused();
    else if (kind === frameKinds.stderr) await this.#stderr.take(Buffer.from(text, 'base64'));
  }

  #beginInput(): void {
    const { stdin } = this.#streams;
    const { tty } = this.#request;
    const ended = async (): Promise<void> => (tty ? undefined : this.#write(Buffer.from(endOfInput)));
    const failed = (error: unknown): void => this.fail(error);
    if (stdin === undefined) {
      ended().catch(failed);
      return;
    }
    const take = (chunk: Buffer): Promise<void> => (tty ? this.#write(chunk) : this.#input.send(chunk));
    this.#whenOver(readInput(stdin, { take, ended, failed }));
  }

  /** One after the other, as the channel wants it. */
  #write(bytes: Buffer): Promise<void> {
    this.#writes = this.#writes.then(() => this.#channel.write(bytes));
    this.#writes.catch(() => undefined);
    return this.#writes;
  }

  #whenOver(leave: () => void): void {
    this.#over.signal.addEventListener('abort', leave, { once: true });
  }
}

/** Its first byte is found nowhere else in it. */
function randomMark(): string {
  return `\x1e${randomBytes(16).toString('hex')}`;
}
