import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface WireDeps {
  /** `http://127.0.0.1:PORT` of the cloud. */
  readonly to: string;
  /** The daemon could die here; false = it has. */
  readonly point: (name: string) => boolean;
  /** Whether the answer to this call gets lost. */
  readonly loses: () => boolean;
}

/**
 * What lies between one incarnation of the daemon and its cloud. A request that is on it arrives, whatever becomes of
 * the one who sent it; an answer may not.
 */
export class Wire {
  readonly #deps: WireDeps;
  readonly #server = createServer((incoming, answer) => {
    this.#pass(incoming, answer).catch(() => answer.destroy());
  });
  #url = '';
  #cut = false;

  constructor(deps: WireDeps) {
    this.#deps = deps;
  }

  static async open(deps: WireDeps): Promise<Wire> {
    const wire = new Wire(deps);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    const address = wire.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the wire has no port');
    wire.#url = `http://127.0.0.1:${address.port}`;
    return wire;
  }

  get url(): string {
    return this.#url;
  }

  /** From here on nothing of this incarnation is heard, and it hears nothing. */
  cut(): void {
    this.#cut = true;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const part of incoming) body.push(part as Buffer);
    if (this.#cut) return;
    const name = nameOf(incoming);
    this.#deps.point(`before ${name}`);
    // Even if it died: this request is on its way.
    const { status, headers, text } = await this.#forward(incoming, Buffer.concat(body));
    if (this.#cut || !this.#deps.point(`after ${name}`)) return;
    if (this.#deps.loses()) {
      answer.destroy();
      return;
    }
    answer.writeHead(status, headers);
    answer.end(text);
  }

  async #forward(incoming: IncomingMessage, body: Buffer) {
    const { method, url, headers } = incoming;
    // The signature covers the Host header: it stays as it was.
    const call = request(new URL(url ?? '/', this.#deps.to), { method: method ?? 'POST', headers });
    call.end(body);
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return { status: response.statusCode ?? 500, headers: response.headers, text: Buffer.concat(parts) };
  }
}

function nameOf({ headers, url }: IncomingMessage): string {
  return String(headers['x-amz-target'] ?? headers['x-acs-action'] ?? url);
}
