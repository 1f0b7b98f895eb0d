import { delay, type ProviderClock, type ProviderLog, providerErrorKind } from '../../contract/index.ts';
import { DataSocket } from './data-socket.ts';
import { clientVersion } from './handshake.ts';
import type { Session, SessionApi } from './session-api.ts';

export interface LifelineDeps {
  readonly api: SessionApi;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
}

export interface LifelineEvents {
  onMessage(message: Buffer): void;
  /** The connection is lost; another is looked for. */
  onLost(): void;
  /** There is another. */
  onResumed(): void;
  /** There will be no other. `isOver`: the session itself has ended. */
  onBroken(why: string, isOver: boolean): void;
}

const resumeAttempts = 5;
const resumeWaitMs = 500;

/**
 * The connections that carry a session, one after the other. The service cuts long ones; the session goes on, and a new
 * token leads back to it.
 */
export class Lifeline {
  readonly #deps: LifelineDeps;
  readonly #events: LifelineEvents;
  readonly #clientId = crypto.randomUUID();
  readonly #closed = new AbortController();
  #session: Session;
  #socket: DataSocket | undefined;
  #isPaused = false;
  #isKept = false;

  constructor(session: Session, deps: LifelineDeps, events: LifelineEvents) {
    this.#session = session;
    this.#deps = deps;
    this.#events = events;
  }

  get session(): Session {
    return this.#session;
  }

  /** Rejects with ProviderError, or with the signal's reason. */
  async connect(signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#deps;
    const headers = await api.socketHeaders(this.#session);
    const { onMessage } = this.#events;
    const onLost = (why: string): void => this.#onLost(why);
    const socket = await DataSocket.open(
      this.#session.streamUrl,
      headers,
      clock,
      { onMessage, onLost },
      signal,
    );
    if (this.#closed.signal.aborted) {
      socket.close();
      return;
    }
    this.#socket = socket;
    if (this.#isPaused) socket.pause();
    const hello = {
      MessageSchemaVersion: '1.0',
      RequestId: crypto.randomUUID(),
      TokenValue: this.#session.token,
      ClientId: this.#clientId,
      ClientVersion: clientVersion,
    };
    socket.send(JSON.stringify(hello));
  }

  /** From now on a connection that is lost is followed by another. */
  keep(): void {
    this.#isKept = true;
  }

  /** What is sent while there is no connection is lost. */
  send(message: Buffer): void {
    this.#socket?.send(message);
  }

  /** While paused nothing is read. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  close(): void {
    this.#closed.abort();
    this.#socket?.close();
  }

  #onLost(why: string): void {
    this.#socket = undefined;
    if (!this.#isKept) {
      this.#events.onBroken(why, false);
      return;
    }
    this.#events.onLost();
    this.#deps.log.debug({ session: this.#session.id }, `the connection to a session was lost: ${why}`);
    void this.#resume(why);
  }

  async #resume(why: string): Promise<void> {
    const { api, clock, random } = this.#deps;
    const { signal } = this.#closed;
    for (let attempt = 1; ; attempt++) {
      await delay(clock, resumeWaitMs * 2 ** (attempt - 1) * (0.5 + random()), signal);
      if (signal.aborted) return;
      try {
        const session = await api.resume(this.#session, signal);
        if (session === undefined) {
          this.#events.onBroken(`${why}, and the session is over`, true);
          return;
        }
        this.#session = session;
        await this.connect(signal);
        this.#events.onResumed();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (attempt < resumeAttempts && providerErrorKind(error) !== 'AuthFailed') continue;
        const reason = error instanceof Error ? error.message : String(error);
        this.#events.onBroken(`${why}, and cannot be resumed: ${reason}`, false);
        return;
      }
    }
  }
}
