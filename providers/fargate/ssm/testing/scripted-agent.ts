import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { acknowledgementOf } from '../acknowledgement.ts';
import { type ChannelMessage, decodeMessage, encodeMessage, messageTypes, payloadTypes } from '../message.ts';
import type { Session } from '../session-api.ts';

/** An agent that does what a test tells it, message by message. */
export class ScriptedAgent {
  readonly heard: ChannelMessage[] = [];
  readonly #server: WebSocketServer;
  readonly #socket: Promise<WebSocket>;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    const { promise, resolve } = Promise.withResolvers<WebSocket>();
    this.#socket = promise;
    server.once('connection', (socket) => {
      socket.on('message', (bytes: Buffer, isBinary) => {
        if (isBinary) this.heard.push(decodeMessage(bytes));
        // The client speaks first, with its token.
        else resolve(socket);
      });
    });
  }

  static async start(): Promise<ScriptedAgent> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new ScriptedAgent(server);
  }

  get session(): Session {
    const address = this.#server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return {
      id: 'ecs-execute-command-1',
      streamUrl: `ws://127.0.0.1:${port}/v1/data-channel/x`,
      token: 'token',
    };
  }

  get socket(): Promise<WebSocket> {
    return this.#socket;
  }

  /** Shakes hands with a client. */
  async begin(): Promise<void> {
    await this.say(0, payloadTypes.handshakeRequest, '{"RequestedClientActions":[]}');
    await this.say(1, payloadTypes.handshakeComplete, '{}');
  }

  async say(
    sequence: number,
    payloadType: number,
    payload: string,
    type: string = messageTypes.output,
  ): Promise<void> {
    (await this.#socket).send(
      encodeMessage({
        ...{ type, sequence, payloadType, flags: 0, createdAt: 1, id: crypto.randomUUID() },
        payload: Buffer.from(payload),
      }),
    );
  }

  async acknowledge(message: ChannelMessage): Promise<void> {
    (await this.#socket).send(acknowledgementOf(message, 1));
  }

  /** What came of input so far, in the order of its arrival. */
  get input(): string[] {
    return this.heard
      .filter(({ type, payloadType }) => type === messageTypes.input && payloadType === payloadTypes.output)
      .map(({ payload }) => payload.toString());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
