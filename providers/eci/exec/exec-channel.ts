import type { RawData } from 'ws';
import { WebSocket } from 'ws';
import type { ProviderClock, TerminalSize } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import type { RemoteChannel } from '../../contract/remote-shell/index.ts';
import { channels, decode, encode, encodeSize, failureIn } from './framing.ts';
import { Inflow } from './inflow.ts';

/** A message that is longer ends the session. Servers of this kind send what they have read at once, some 32 KiB. */
const longestMessage = 4 * 1024 * 1024;
/** What is written goes in messages of at most so many bytes. */
const largestPiece = 32 * 1024;
/** The address is good for 30 s, and most of it is meant for the handshake. */
const handshakeMs = 20_000;
/** So that gateways in between see that an idle session lives. */
const pingMs = 15_000;
/** A server that has answered pings, and then leaves so many unanswered, is not there any more. */
const mostUnanswered = 4;
/** How long the other side may take to answer our goodbye. */
const farewellMs = 5_000;
/** Of the reason for a failure: characters that are read, and told. */
const longestReason = 4_096;
const longestToldReason = 300;

export interface ExecChannelDeps {
  readonly url: URL;
  readonly clock: ProviderClock;
}

/**
 * One session of ExecContainerCommand. The address opens once: a handshake that failed is not repeated, for nobody knows
 * whether the command has begun. Rejects with ProviderError, and with the reason of the signal.
 */
export async function openExecChannel(deps: ExecChannelDeps, signal: AbortSignal): Promise<RemoteChannel> {
  signal.throwIfAborted();
  const channel = new ExecChannel(deps);
  const leave = (): void => channel.abandon();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await channel.opened();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
  return channel;
}

class ExecChannel implements RemoteChannel {
  readonly #clock: ProviderClock;
  readonly #webSocket: WebSocket;
  readonly #output = new Inflow(() => this.#flow());
  #isClosing = false;
  #reason = '';
  /** Why it broke, where something is known of it. */
  #fault: string | undefined;
  #unanswered = 0;
  #isAnswering = false;
  #cancelTimer: () => void = () => undefined;
  #size: TerminalSize | undefined;
  #isSizing = false;

  constructor({ url, clock }: ExecChannelDeps) {
    this.#clock = clock;
    this.#webSocket = new WebSocket(url, {
      followRedirects: false,
      maxPayload: longestMessage,
      perMessageDeflate: false,
      rejectUnauthorized: true,
      // Nothing says that text, if any comes, is cut between characters.
      skipUTF8Validation: true,
    });
    this.#webSocket.on('message', (message, isBinary) => this.#received(message, isBinary));
    this.#webSocket.on('pong', () => {
      this.#isAnswering = true;
      this.#unanswered = 0;
    });
    this.#webSocket.on('error', ({ message }) => {
      this.#fault ??= message;
    });
    this.#webSocket.once('close', (code) => this.#ended(code));
  }

  get output(): AsyncIterable<Buffer> {
    return this.#output;
  }

  async opened(): Promise<void> {
    const isOpen = await new Promise<boolean>((resolve) => {
      this.#cancelTimer = this.#clock.schedule(handshakeMs, () => {
        this.#fault ??= `no answer within ${handshakeMs / 1000} s`;
        this.abandon();
      });
      this.#webSocket.once('open', () => resolve(true));
      this.#webSocket.once('close', () => resolve(false));
    });
    if (!isOpen) throw broken('the session could not be opened', this.#fault);
    this.#cancelTimer();
    this.#beat();
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += largestPiece)
      await this.#send(encode(channels.stdin, bytes.subarray(at, at + largestPiece)));
  }

  /** Of sizes that come faster than they are sent, the last one counts. */
  resize(size: TerminalSize): void {
    this.#size = size;
    if (this.#isSizing) return;
    this.#isSizing = true;
    this.#sendSizes()
      .catch(() => undefined)
      .finally(() => {
        this.#isSizing = false;
      });
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#cancelTimer();
    this.#output.end();
    if (this.#webSocket.readyState === WebSocket.CLOSED) return;
    // Nobody reads any more, but the answer to the goodbye comes behind all that was sent before it.
    this.#webSocket.resume();
    this.#webSocket.close(1000);
    this.#cancelTimer = this.#clock.schedule(farewellMs, () => this.#webSocket.terminate());
  }

  /** Without a goodbye. */
  abandon(): void {
    this.#webSocket.terminate();
  }

  async #sendSizes(): Promise<void> {
    while (this.#size !== undefined) {
      const size = this.#size;
      this.#size = undefined;
      await this.#send(encodeSize(size));
    }
  }

  /** Resolves when the operating system has taken it: what is slower than its writer makes the writer wait. */
  #send(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(broken('the session has ended', this.#fault));
      if (this.#webSocket.readyState !== WebSocket.OPEN) return gone();
      this.#webSocket.send(message, (error) => (error ? gone() : resolve()));
    });
  }

  #received(message: RawData, isBinary: boolean): void {
    this.#unanswered = 0;
    // Always one buffer: that is what `binaryType` says unless it was changed.
    if (this.#isClosing || !Buffer.isBuffer(message)) return;
    const frame = decode(message, isBinary);
    if (frame.kind === 'strange') {
      this.#fault = `a message of a kind that is not known (${frame.channel}) has come`;
      this.abandon();
    } else if (frame.kind === 'output') this.#output.push(frame.data);
    else if (frame.kind === 'error')
      this.#reason += frame.data.toString('utf8').slice(0, longestReason - this.#reason.length);
    this.#flow();
  }

  /** While much waits for its reader the socket is not read. */
  #flow(): void {
    if (this.#isClosing) return;
    const { isFull } = this.#output;
    if (isFull && !this.#webSocket.isPaused) this.#webSocket.pause();
    if (!isFull && this.#webSocket.isPaused) this.#webSocket.resume();
  }

  /** Without a status or with the usual one it has ended in order, and then channel 3 may have said why. */
  #ended(code: number): void {
    this.#cancelTimer();
    const reason = failureIn(this.#reason);
    const isInOrder = this.#fault === undefined && (code === 1000 || code === 1005);
    if (reason !== undefined) this.#output.end(failed(reason.slice(0, longestToldReason)));
    else this.#output.end(isInOrder ? undefined : broken('the session broke', this.#fault ?? `code ${code}`));
  }

  #beat(): void {
    this.#cancelTimer = this.#clock.schedule(pingMs, () => {
      // While the socket is not read, nor are answers.
      if (this.#webSocket.isPaused) this.#unanswered = 0;
      if (this.#isAnswering && this.#unanswered >= mostUnanswered) {
        this.#fault = 'the platform does not answer any more';
        return this.abandon();
      }
      this.#unanswered++;
      this.#webSocket.ping();
      this.#beat();
    });
  }
}

/** What channel 3 says is about the shell: of what it runs the platform knows nothing. */
function failed(reason: string): ProviderError {
  return /no such file|not found|not exist/i.test(reason)
    ? new ProviderError('Unsupported', `exec needs /bin/sh in the image: ${reason}`)
    : broken('the session was ended', reason);
}

function broken(what: string, why: string | undefined): ProviderError {
  return new ProviderError(
    'Retryable',
    why === undefined ? what : `${what}: ${why.slice(0, longestToldReason)}`,
  );
}
