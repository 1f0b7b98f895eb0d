import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a unix socket that answers as the test says. */
export class FakeEngine {
  readonly requests: string[] = [];
  readonly socketPath: string;
  readonly #folder: string;
  readonly #server;

  private constructor(folder: string, answer: Answer) {
    this.#folder = folder;
    this.socketPath = path.join(folder, 'engine.sock');
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
  }

  static async listen(answer: Answer): Promise<FakeEngine> {
    const engine = new FakeEngine(mkdtempSync(path.join(tmpdir(), 'burstlet-fake-engine-')), answer);
    await new Promise<void>((resolve) => engine.#server.listen(engine.socketPath, resolve));
    return engine;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
