import { ProviderError, type TerminalSize } from '../../contract/index.ts';
import type { RemoteChannel } from '../../contract/remote-shell/index.ts';
import { acknowledgedBy, acknowledgementOf } from './acknowledgement.ts';
import { answerHandshake } from './handshake.ts';
import { Inbox } from './inbox.ts';
import { Lifeline, type LifelineDeps } from './lifeline.ts';
import { type ChannelMessage, decodeMessage, messageTypes, payloadBytes, payloadTypes } from './message.ts';
import { Outbox } from './outbox.ts';
import { OutputQueue } from './output-queue.ts';
import type { Session } from './session-api.ts';

/** The agent gives the client 15 seconds, and takes some to start its worker. */
const handshakeTimeoutMs = 30_000;
/** How long a message may be missing while later ones are here: it is repeated each second. */
const gapTimeoutMs = 60_000;
/** How long the agent may be away. One whose container has ended does not come back, and nobody says so. */
const awayTimeoutMs = 2 * 60_000;
/** How long a command that was left has to end by itself, before it is hung up on. */
const lingerMs = 2_000;
const hangUpTimeoutMs = 10_000;

/**
 * The client's side of a session of Session Manager. The service between client and agent passes messages on and may lose
 * some; both sides number, acknowledge and repeat them, so that a session outlives the connections that carry it.
 */
export class DataChannel implements RemoteChannel {
  readonly output: OutputQueue;
  readonly #deps: LifelineDeps;
  readonly #inbox = new Inbox();
  readonly #outbox: Outbox;
  readonly #lifeline: Lifeline;
  readonly #over = new AbortController();
  readonly #established = Promise.withResolvers<void>();
  #hasBegun = false;
  #size: TerminalSize | undefined;
  #sizing: Promise<void> | undefined;
  #isLeft = false;
  #cancelGap: (() => void) | undefined;
  #cancelAway: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;

  private constructor(session: Session, deps: LifelineDeps) {
    this.#deps = deps;
    this.output = new OutputQueue({
      onFull: () => this.#lifeline.setPaused(true),
      onRoom: () => this.#lifeline.setPaused(false),
    });
    this.#outbox = new Outbox({
      ...{ clock: deps.clock, random: deps.random },
      transmit: (message) => this.#lifeline.send(message),
      onStuck: () => this.#break('nothing came from the agent for 20 minutes, though it was sent something'),
    });
    this.#lifeline = new Lifeline(session, deps, {
      onMessage: (bytes) => this.#onBytes(bytes),
      onLost: () => this.#outbox.pause(),
      onResumed: () => this.#outbox.sendAgain(),
      onBroken: (why, isOver) => this.#break(why, { isOpen: !isOver }),
    });
    this.#established.promise.catch(() => undefined);
  }

  /** Connects, and resolves when the agent has begun the session. Rejects with ProviderError; the session is then ended. */
  static async open(session: Session, deps: LifelineDeps, signal: AbortSignal): Promise<DataChannel> {
    const channel = new DataChannel(session, deps);
    const cancelTimeout = deps.clock.schedule(handshakeTimeoutMs, () =>
      channel.#break(`the agent has not begun it within ${handshakeTimeoutMs / 1000} seconds`),
    );
    const leave = (): void => channel.#established.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await channel.#lifeline.connect(signal);
      await channel.#established.promise;
      return channel;
    } catch (error) {
      channel.close();
      throw error;
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', leave);
    }
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#isLeft) throw new ProviderError('Retryable', 'the session was closed');
    for (let start = 0; start < bytes.length; start += payloadBytes) {
      await this.#outbox.room();
      // A copy: it may have to be sent again when the caller has long used its buffer for something else.
      this.#outbox.push(payloadTypes.output, Buffer.from(bytes.subarray(start, start + payloadBytes)));
    }
  }

  /** Of sizes that come fast, the last one counts. */
  resize(size: TerminalSize): void {
    this.#size = size;
    this.#sizing ??= this.#sendSize().finally(() => {
      this.#sizing = undefined;
    });
  }

  /** What was written before still goes to the agent. */
  close(): void {
    if (this.#isLeft || this.#over.signal.aborted) return;
    this.#isLeft = true;
    this.output.end();
    this.#lifeline.setPaused(false);
    const leave = (): void => {
      this.#end();
      this.#hangUp();
    };
    if (this.#hasBegun) this.#cancelLinger = this.#deps.clock.schedule(lingerMs, leave);
    else leave();
  }

  async #sendSize(): Promise<void> {
    try {
      await this.#outbox.room();
    } catch {
      return;
    }
    if (this.#size === undefined) return;
    const { width: cols, height: rows } = this.#size;
    this.#outbox.push(payloadTypes.size, Buffer.from(JSON.stringify({ cols, rows })));
  }

  #onBytes(bytes: Buffer): void {
    try {
      this.#onMessage(decodeMessage(bytes));
    } catch (error) {
      this.#break(`the agent sent what is no message of the protocol: ${messageOf(error)}`);
    }
  }

  #onMessage(message: ChannelMessage): void {
    switch (message.type) {
      case messageTypes.output:
        this.#setAway(false);
        this.#onOutput(message);
        break;
      case messageTypes.acknowledge:
        this.#setAway(false);
        this.#outbox.acknowledged(acknowledgedBy(message.payload));
        break;
      case messageTypes.closed:
        this.#onClosed(message.payload);
        break;
      case messageTypes.pause:
        this.#setAway(true);
        break;
      case messageTypes.start:
        this.#setAway(false);
    }
  }

  #onOutput(message: ChannelMessage): void {
    const { acknowledge, ready } = this.#inbox.take(message);
    if (acknowledge) this.#lifeline.send(acknowledgementOf(message, this.#deps.clock.now()));
    for (const next of ready) this.#onPayload(next);
    this.#watchGap(ready.length > 0);
  }

  #onPayload({ payloadType, payload }: ChannelMessage): void {
    switch (payloadType) {
      case payloadTypes.output:
      case payloadTypes.stdErr:
        this.output.push(Buffer.from(payload));
        break;
      case payloadTypes.handshakeRequest: {
        const { response, refusal } = answerHandshake(payload);
        this.#outbox.push(payloadTypes.handshakeResponse, response);
        if (refusal !== undefined) this.#fail(refusal);
        break;
      }
      case payloadTypes.handshakeComplete:
        this.#hasBegun = true;
        this.#lifeline.keep();
        this.#established.resolve();
    }
  }

  /** The service says how the session ended: with nothing when the command ended, with a reason otherwise. */
  #onClosed(payload: Buffer): void {
    const { Output: reason }: { Output?: unknown } = JSON.parse(payload.toString());
    if (typeof reason === 'string' && reason !== '') this.#fail(closedFor(reason), { isOpen: false });
    else if (this.#inbox.hasGap) this.#break('it ended before all of its output came', { isOpen: false });
    else this.#end();
  }

  #setAway(isAway: boolean): void {
    this.#cancelAway?.();
    this.#cancelAway = undefined;
    if (!isAway) {
      this.#outbox.heard();
      return;
    }
    this.#outbox.pause();
    this.#cancelAway = this.#deps.clock.schedule(awayTimeoutMs, () =>
      this.#break('the agent is not connected any more; the container may have ended'),
    );
  }

  #watchGap(moved: boolean): void {
    if (moved || !this.#inbox.hasGap) {
      this.#cancelGap?.();
      this.#cancelGap = undefined;
    }
    if (this.#inbox.hasGap)
      this.#cancelGap ??= this.#deps.clock.schedule(gapTimeoutMs, () =>
        this.#break(`a part of the output did not come within ${gapTimeoutMs / 1000} seconds`),
      );
  }

  #break(why: string, { isOpen = true } = {}): void {
    const text = `the connection to session ${this.#lifeline.session.id} broke: ${why}`;
    this.#fail(new ProviderError('Retryable', text), { isOpen });
  }

  #fail(error: ProviderError, { isOpen = true } = {}): void {
    if (this.#over.signal.aborted) return;
    this.#end(error);
    if (isOpen) this.#hangUp();
  }

  #end(error?: ProviderError): void {
    this.#over.abort();
    for (const cancel of [this.#cancelGap, this.#cancelAway, this.#cancelLinger]) cancel?.();
    this.output.end(error);
    const told = error ?? new ProviderError('Retryable', `session ${this.#lifeline.session.id} has ended`);
    this.#established.reject(told);
    this.#outbox.close(told);
    this.#lifeline.close();
  }

  /** Without the right to do it the command runs on until ECS ends the session, 20 minutes later. */
  #hangUp(): void {
    const { api, log } = this.#deps;
    const { session } = this.#lifeline;
    api.terminate(session, AbortSignal.timeout(hangUpTimeoutMs)).catch((error) => {
      const advice = 'ECS ends it after 20 minutes without traffic';
      log.warn({ session: session.id, error: messageOf(error) }, `a session could not be ended; ${advice}`);
    });
  }
}

function closedFor(reason: string): ProviderError {
  const text = `the session was ended: ${reason.trim()}`;
  const cannotStart = /Unable to start (command|shell)|Failed to start pty/i.test(reason);
  return new ProviderError(cannotStart ? 'Unsupported' : 'Retryable', text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
