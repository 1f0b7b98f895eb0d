import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { badRequest, internalError } from '../store/api-error.ts';
import type { Exchange } from './exchange.ts';
import { endToEndHeaders, upgradeHeaders } from './passed-on.ts';

/** What the server behind answered; with a socket when it took the upgrade. */
interface Reply {
  readonly response: IncomingMessage;
  readonly taken?: { readonly socket: Socket; readonly head: Buffer };
}

/**
 * Upgrade requests that are passed on with all that follows, whatever protocol it is (SPDY, WebSocket): k8s.io/apimachinery
 * pkg/util/proxy/upgradeaware.go. A refusal of the server behind is passed on as it is.
 */
export class Tunnels {
  readonly #connection: Pick<RequestOptions, 'cert' | 'key'>;
  readonly #answerWithinMs: number;
  readonly #open = new Set<Socket>();

  constructor(connection: Pick<RequestOptions, 'cert' | 'key'>, answerWithinMs: number) {
    this.#connection = connection;
    this.#answerWithinMs = answerWithinMs;
  }

  /** Cuts those that are open. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Resolves when the answer is on its way; rejects with an ApiError as long as none is. */
  async open(exchange: Exchange, url: string): Promise<void> {
    const { response, upgrade } = exchange;
    if (upgrade === undefined) throw badRequest('Upgrade request required');
    const { response: reply, taken } = await this.#ask(exchange, url, upgrade.socket).catch(
      (error: unknown) => {
        throw internalError(
          `error dialing backend: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    );
    const { statusCode = 0 } = reply;
    if (taken === undefined) {
      if (statusCode < 400) {
        reply.destroy();
        throw internalError(`invalid upgrade response: status code ${statusCode}`);
      }
      response.writeHead(statusCode, endToEndHeaders(reply.headers));
      await pipeline(reply, response).catch(() => response.destroy());
      return;
    }
    response.detachSocket(upgrade.socket);
    upgrade.socket.write(headOf(reply), 'latin1');
    upgrade.socket.write(taken.head);
    taken.socket.setTimeout(0);
    taken.socket.write(upgrade.head);
    this.#join(upgrade.socket, taken.socket);
    this.#join(taken.socket, upgrade.socket);
  }

  #ask({ request, method }: Exchange, url: string, client: Socket): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const asked = httpsRequest(url, {
        ...this.#connection,
        ...{ method, headers: upgradeHeaders(request), rejectUnauthorized: false, agent: false },
        timeout: this.#answerWithinMs,
      });
      const leave = (): void => void asked.destroy(new Error('the client has left'));
      client.once('close', leave);
      asked.on('error', reject);
      asked.once('timeout', () =>
        asked.destroy(new Error(`no answer within ${this.#answerWithinMs / 1000} s`)),
      );
      asked.once('response', (response) => resolve({ response }));
      asked.once('upgrade', (response, socket: Socket, head) => {
        client.off('close', leave);
        // Between the two events the client may have gone.
        if (client.destroyed) socket.destroy();
        resolve({ response, taken: { socket, head } });
      });
      asked.end();
    });
  }

  /** One direction. What was sent before the end arrives; after a break nothing more is of use. */
  #join(from: Socket, to: Socket): void {
    this.#open.add(from);
    from.on('error', () => to.destroy());
    from.once('close', () => {
      this.#open.delete(from);
      to.destroySoon();
    });
    from.pipe(to);
  }
}

function headOf({ statusMessage = '', rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${statusMessage}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
