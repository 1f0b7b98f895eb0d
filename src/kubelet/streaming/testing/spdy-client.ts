import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Status } from '../../../kube/types.ts';
import { ClientFrames, data, rstStream } from '../spdy/testing/client-frames.ts';

const reply = 2;
const reset = 3;
const cancel = 5;
const goAway = 7;

/** The client's side of SPDY/3.1, as little of it as Kubernetes clients need. For tests. */
export class SpdyClient {
  readonly socket: Duplex;
  readonly #received = new Map<number, Buffer[]>();
  /** What happened to each stream, in order: reply, fin, reset. */
  readonly events: string[] = [];
  readonly closed: Promise<unknown>;
  readonly #frames = new ClientFrames();
  #rest = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Duplex, head: Uint8Array = new Uint8Array()) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (head.length > 0) this.#read(Buffer.from(head));
  }

  /** Opens a stream with these headers and returns its id. */
  open(headers: Readonly<Record<string, string>>): number {
    const id = this.#nextId;
    this.#nextId += 2;
    this.socket.write(this.#frames.synStream(id, headers));
    return id;
  }

  /** Opens one for each type, in the order of Kubernetes clients. */
  openAll(...types: string[]): number[] {
    return types.map((streamtype) => this.open({ streamtype }));
  }

  data(id: number, bytes: string | Uint8Array, fin = false): void {
    this.socket.write(data(id, Buffer.from(bytes), fin));
  }

  reset(id: number): void {
    this.socket.write(rstStream(id, cancel));
  }

  text(id: number): string {
    return this.bytes(id).toString();
  }

  /** What came on the stream. */
  bytes(id: number): Buffer {
    return Buffer.concat(this.#received.get(id) ?? []);
  }

  /** Resolves when something of this kind has happened: `reply 1`, `fin 3`, `goaway`. */
  async happened(event: string): Promise<void> {
    await this.#until(() => this.events.includes(event));
  }

  async read(id: number, text: string): Promise<void> {
    await this.#until(() => this.text(id).includes(text));
  }

  /** What the stream for errors says once it has ended. */
  async status(id: number): Promise<Status> {
    await this.happened(`fin ${id}`);
    return JSON.parse(this.text(id));
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done())
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#rest.length < 8) break;
      const length = this.#rest.readUInt32BE(4) & 0xff_ffff;
      if (this.#rest.length < 8 + length) break;
      this.#frame(this.#rest.subarray(0, 8), this.#rest.subarray(8, 8 + length));
      this.#rest = this.#rest.subarray(8 + length);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #frame(header: Buffer, payload: Buffer): void {
    const first = header.readUInt32BE(0);
    if (first >= 0x8000_0000) {
      const type = first & 0xffff;
      const names: Record<number, string> = { [reply]: 'reply', [reset]: 'reset' };
      if (type === goAway) this.events.push('goaway');
      else if (names[type] !== undefined) this.events.push(`${names[type]} ${payload.readUInt32BE(0)}`);
      return;
    }
    this.#received.set(first, [...(this.#received.get(first) ?? []), payload]);
    if ((header[4] ?? 0) & 1) this.events.push(`fin ${first}`);
  }
}

/** Asks for an upgrade to SPDY on a loopback port. */
export async function connectSpdy(port: number, path: string, protocol: string): Promise<SpdyClient> {
  const sent = request({
    ...{ port, path, method: 'POST' },
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol },
  });
  sent.end();
  const [response, socket, head] = await once(sent, 'upgrade');
  if (response.headers['x-stream-protocol-version'] !== protocol) throw new Error('another protocol');
  return new SpdyClient(socket, head);
}
