import { acknowledgedBy, acknowledgementOf } from '../../../../providers/fargate/ssm/acknowledgement.ts';
import {
  type ChannelMessage,
  decodeMessage,
  encodeMessage,
  messageTypes,
} from '../../../../providers/fargate/ssm/message.ts';

export interface AgentLinkDeps {
  /** To the client, as far as there is one. */
  send(message: Buffer): void;
  /** The next message in order. Resolves with false when not ready for it: the client will repeat it. */
  receive(payloadType: number, payload: Buffer): Promise<boolean>;
}

/** The agent repeats its oldest message so often that tests, which lose more than networks do, need not wait: 100 in truth. */
const resendMs = 10;
/** How long the agent waits at the end of a session for what is not acknowledged yet. */
const partingMs = 2000;
/** The agent has no such limit; but neither is there a socket that makes it wait here. */
const windowSize = 500;

/**
 * The agent's side of a data channel, with its manners: it acknowledges a message once it was used, keeps those that come
 * early, is silent about those that come twice, and repeats its own oldest one until that is acknowledged. Time is the
 * real one: so is the command.
 */
export class AgentLink {
  readonly #deps: AgentLinkDeps;
  readonly #early = new Map<number, ChannelMessage>();
  readonly #unheard = new Map<number, Buffer>();
  #expected = 0;
  #next = 0;
  #isPaused = false;
  #onRoom: () => void = () => undefined;
  /** Input is used one message after the other: a command that does not read holds up what follows. */
  #using: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: AgentLinkDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#repeat(), resendMs).unref();
  }

  /** Messages that were said, and those of them that were not acknowledged. */
  get counts(): { readonly said: number; readonly unheard: number } {
    return { said: this.#next, unheard: this.#unheard.size };
  }

  /** Resolves when there is room for another message. */
  async room(): Promise<void> {
    while (this.#unheard.size >= windowSize)
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
  }

  /** Resolves when everything was acknowledged, or will not be any more. */
  async heardOut(): Promise<void> {
    const giveUpAt = Date.now() + partingMs;
    while (this.#unheard.size > 0 && Date.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, resendMs));
  }

  say(payloadType: number, payload: Buffer): void {
    const sequence = this.#next++;
    const message = encodeMessage({
      type: messageTypes.output,
      sequence,
      flags: sequence === 0 ? 1 : 0,
      id: crypto.randomUUID(),
      createdAt: Date.now(),
      payloadType,
      payload,
    });
    this.#unheard.set(sequence, message);
    if (!this.#isPaused) this.#deps.send(message);
  }

  /** The client has gone, perhaps for a while. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  hear(bytes: Buffer): void {
    const message = decodeMessage(bytes);
    if (message.type === messageTypes.acknowledge) {
      this.#unheard.delete(acknowledgedBy(message.payload));
      if (this.#unheard.size < windowSize) this.#onRoom();
    } else if (message.type === messageTypes.input) this.#using = this.#using.then(() => this.#use(message));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unheard.clear();
    this.#onRoom();
  }

  async #use(message: ChannelMessage): Promise<void> {
    const { sequence } = message;
    if (sequence < this.#expected) return;
    if (sequence > this.#expected) {
      this.#early.set(sequence, message);
      this.#deps.send(acknowledgementOf(message, Date.now()));
      return;
    }
    if (!(await this.#deps.receive(message.payloadType, message.payload))) return;
    this.#deps.send(acknowledgementOf(message, Date.now()));
    this.#expected++;
    for (;;) {
      const next = this.#early.get(this.#expected);
      if (next === undefined || !(await this.#deps.receive(next.payloadType, next.payload))) return;
      this.#early.delete(this.#expected++);
    }
  }

  #repeat(): void {
    const [oldest] = this.#unheard.values();
    if (oldest !== undefined && !this.#isPaused) this.#deps.send(oldest);
  }
}
