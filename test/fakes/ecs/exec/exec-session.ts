import { encodeMessage, messageTypes } from '../../../../providers/fargate/ssm/message.ts';
import type { AgentLink } from './agent-link.ts';
import { ExecAgent, type ExecAgentDeps } from './exec-agent.ts';

/** The connection of a client. */
export interface ClientSocket {
  send(message: Buffer): void;
  /** Without a farewell. */
  cut(): void;
}

export interface ExecSessionDeps {
  readonly id: string;
  readonly task: string;
  readonly container: string;
  readonly agent: Omit<ExecAgentDeps, 'send' | 'onEnd'>;
  /** The chance that a message between client and agent is lost. */
  loss(): number;
  random(): number;
  /** An agent may be started: containers run no more than two at a time. */
  mayStart(): boolean;
  onOver(): void;
}

/** A session as the service sees it, between a client that may come and go and an agent. */
export class ExecSession {
  readonly deps: ExecSessionDeps;
  /** What opens it next; used once. */
  token: string | undefined = crypto.randomUUID();
  #agent: ExecAgent | undefined;
  #client: ClientSocket | undefined;
  #isOver = false;

  constructor(deps: ExecSessionDeps) {
    this.deps = deps;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isRunning(): boolean {
    return this.#agent !== undefined && !this.#isOver;
  }

  /** Of the messages of the agent. */
  get counts(): AgentLink['counts'] | undefined {
    return this.#agent?.link.counts;
  }

  renewToken(): string {
    this.token = crypto.randomUUID();
    return this.token;
  }

  connect(client: ClientSocket): void {
    this.token = undefined;
    this.#client?.cut();
    this.#client = client;
    this.#agent?.link.resume();
    this.startAgent();
  }

  startAgent(): void {
    if (this.#agent !== undefined || this.#client === undefined || this.#isOver || !this.deps.mayStart())
      return;
    this.#agent = new ExecAgent({
      ...this.deps.agent,
      send: (message) => this.#carry(() => this.#client?.send(message)),
      onEnd: (reason) => this.end(reason),
    });
  }

  disconnect(client: ClientSocket): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#agent?.link.pause();
  }

  fromClient(message: Buffer): void {
    this.#carry(() => this.#agent?.link.hear(message));
  }

  /** Ends it with what the client is told. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#agent?.kill();
    this.#client?.send(
      this.#fromService(messageTypes.closed, {
        MessageId: crypto.randomUUID(),
        CreatedDate: new Date().toISOString(),
        DestinationId: crypto.randomUUID(),
        SessionId: this.deps.id,
        MessageType: messageTypes.closed,
        SchemaVersion: 1,
        Output: reason,
      }),
    );
    this.deps.onOver();
  }

  /** The container has ended, and the agent with it. Nobody tells the client more than that. */
  vanish(): void {
    if (this.#agent === undefined || this.#isOver) return;
    this.#agent.kill();
    this.#client?.send(this.#fromService(messageTypes.pause, {}));
  }

  /** The connection of the client breaks. */
  cut(): void {
    this.#client?.cut();
  }

  #carry(pass: () => void): void {
    if (this.deps.random() >= this.deps.loss()) pass();
  }

  #fromService(type: string, content: object): Buffer {
    return encodeMessage({
      ...{ type, sequence: 0, flags: 3, id: crypto.randomUUID(), createdAt: Date.now(), payloadType: 0 },
      payload: Buffer.from(JSON.stringify(content)),
    });
  }
}
