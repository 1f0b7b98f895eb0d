import { Agent, request } from 'undici';
import { FakeClock } from '../../telemetry/fake-clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { type CertificateAuthority, createAuthority, kubeletClientCertificate } from '../authority.ts';
import { createOpenApi } from '../openapi/index.ts';
import { isRecord, type Json } from '../store/json.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { ApiServer } from './api-server.ts';
import { TokenAuthority } from './tokens.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  /** null = none. Default: the administrator's. */
  readonly token?: string | null;
}

/** A real API server on loopback with a hand-driven clock, and a client for it. For tests. */
export class TestApi {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly tokens: TokenAuthority;
  readonly authority: CertificateAuthority;
  readonly url: string;
  readonly admin: string;
  readonly #server: ApiServer;
  readonly #agent: Agent;

  private constructor(parts: Parts, port: number) {
    this.clock = parts.clock;
    this.store = parts.store;
    this.tokens = parts.tokens;
    this.authority = parts.authority;
    this.#server = parts.server;
    this.url = `https://127.0.0.1:${port}`;
    this.admin = parts.tokens.issue('admin', ['system:masters']);
    this.#agent = new Agent({ connect: { ca: parts.authority.caPem } });
  }

  static async start(log: Log = silentLog, historySize = 1024): Promise<TestApi> {
    const clock = new FakeClock();
    // The certificates are checked by the real time.
    const authority = await createAuthority(Date.now);
    const serving = await authority.issue({ commonName: 'test', ips: ['127.0.0.1'] });
    const random = () => 0.5;
    const store = new MemoryStore({ clock, log, random, historySize });
    const tokens = new TokenAuthority({ clock, store });
    const server = new ApiServer({
      ...{ store, tokens, openApi: createOpenApi(), clock, random, log },
      tls: serving,
      kubeletClient: await kubeletClientCertificate(authority),
    });
    store.create('namespaces', { metadata: { name: 'default' } });
    return new TestApi({ clock, store, tokens, authority, server }, await server.start(0));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#agent.destroy();
  }

  /** The raw answer, for streams. */
  async open(method: string, path: string, options: RequestOptions = {}) {
    const { body, token = this.admin, accept } = options;
    return request(`${this.url}${path}`, {
      // undici knows the methods by name.
      method: method as 'GET',
      dispatcher: this.#agent,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(accept !== undefined && { accept }),
        ...(body !== undefined && { 'content-type': options.type ?? 'application/json' }),
      },
      body:
        body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
          ? (body ?? null)
          : JSON.stringify(body),
    });
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const { statusCode, headers, body } = await this.open(method, path, options);
    const text = await body.text();
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : { text };
    return { status: statusCode, headers, body: isRecord(parsed) ? parsed : {} };
  }
}

interface Parts extends Pick<TestApi, 'clock' | 'store' | 'tokens' | 'authority'> {
  readonly server: ApiServer;
}
