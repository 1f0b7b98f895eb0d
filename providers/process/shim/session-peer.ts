import type { Socket } from 'node:net';
import type { TerminalSize } from '../../contract/streams.ts';
import { LineReader } from '../line-reader.ts';
import type { RuntimeLine, SessionRequest, ShimLine } from '../session-protocol.ts';
import { maxSessionLineBytes } from '../session-protocol.ts';

/** The runtime at the other end of a session. */
export class SessionPeer {
  /** Fires when the runtime has left, or wants no more. */
  readonly gone: AbortSignal;
  /** These reject when it leaves before it has said so. */
  readonly request: Promise<SessionRequest>;
  readonly go: Promise<void>;
  onSize = (_size: TerminalSize): void => {};
  onEof = (): void => {};
  /** The last one told. */
  size: TerminalSize | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    const gone = new AbortController();
    const request = Promise.withResolvers<SessionRequest>();
    const go = Promise.withResolvers<void>();
    this.gone = gone.signal;
    this.request = request.promise;
    this.go = go.promise;
    for (const promise of [this.request, this.go]) promise.catch(() => {});
    const leave = (): void => {
      gone.abort();
      for (const { reject } of [request, go]) reject(new Error('the runtime has left'));
    };
    const receive = (line: RuntimeLine): void => {
      if ('request' in line) request.resolve(line.request);
      else if ('go' in line) go.resolve();
      else if ('eof' in line) this.onEof();
      else {
        this.size = line.size;
        this.onSize(line.size);
      }
    };
    const reader = new LineReader(maxSessionLineBytes);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of reader.push(chunk)) receive(JSON.parse(line) as RuntimeLine);
      } catch (error) {
        console.error(`a session sent what is no message: ${String(error)}`);
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.once('end', leave).once('close', leave);
  }

  send(line: ShimLine): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(line)}\n`);
  }

  /** Nothing of the session is left on this side. */
  close(): void {
    this.#socket.end();
  }
}
