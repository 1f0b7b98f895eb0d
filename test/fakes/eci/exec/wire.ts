import type { RawData, WebSocket } from 'ws';
import type { TerminalSize } from '../../../../providers/contract/index.ts';
import type { ExecSessions } from './sessions.ts';

/** Bytes that may wait for the client before what runs has to. */
const highWaterBytes = 256 * 1024;

export interface Inward {
  /** False = no more until `drained()`. */
  readonly typed: (bytes: Buffer) => boolean;
  readonly sized: (size: TerminalSize) => void;
  readonly left: () => void;
}

/** The server's end of a session: messages with the number of their channel in front, as in Kubernetes. */
export class Wire {
  readonly #webSocket: WebSocket;
  readonly #sessions: ExecSessions;
  #bytes = 0;

  constructor(webSocket: WebSocket, sessions: ExecSessions) {
    this.#webSocket = webSocket;
    this.#sessions = sessions;
  }

  listen({ typed, sized, left }: Inward): void {
    this.#webSocket.on('message', (message: RawData, isBinary: boolean) => {
      if (!isBinary || !Buffer.isBuffer(message) || message.length === 0) return;
      const rest = message.subarray(1);
      if (message[0] === 0 && rest.length > 0 && !typed(rest)) this.#webSocket.pause();
      const size = message[0] === 4 ? sizeIn(rest) : undefined;
      if (size !== undefined) sized(size);
    });
    this.#webSocket.once('close', left);
  }

  drained(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  /** Resolves when there is room for more, with false when nobody listens any more. */
  async send(channel: number, data: Buffer): Promise<boolean> {
    const { cut, asText } = this.#sessions;
    const left = cut === undefined || channel === 3 ? data.length : Math.max(0, cut.afterBytes - this.#bytes);
    const part = data.subarray(0, left);
    this.#bytes += part.length;
    const sent = await new Promise<boolean>((resolve) => {
      const isText = asText && channel === 1;
      const message = isText ? part : Buffer.concat([Uint8Array.of(channel), part]);
      this.#webSocket.send(message, { binary: !isText }, (error) => resolve(!error));
      if (this.#webSocket.bufferedAmount < highWaterBytes) resolve(this.#webSocket.readyState === 1);
    });
    if (part.length === data.length) return sent;
    if (cut?.how === 'torn') this.#webSocket.terminate();
    else this.#webSocket.close(1000);
    return false;
  }

  close(): void {
    // What the client still says is of no use to anybody; its goodbye comes behind that.
    this.drained();
    this.#webSocket.close(1000);
  }
}

/** Undefined for what is none. */
function sizeIn(text: Buffer): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text.toString());
    return Number.isInteger(width) && Number.isInteger(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}
