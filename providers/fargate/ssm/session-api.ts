import { ProviderError } from '../../contract/index.ts';
import type { Sign } from './signer.ts';

/** A session as ExecuteCommand gives it. */
export interface Session {
  readonly id: string;
  /** `wss://ssmmessages.REGION.amazonaws.com/v1/data-channel/ID?role=publish_subscribe` */
  readonly streamUrl: string;
  /** Opens the data channel once. Secret. */
  readonly token: string;
}

const callTimeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024;

export interface SessionApiDeps {
  readonly sign: Sign;
}

/**
 * The two calls of Systems Manager that a session needs once it is open; their client would be a dependency of its own.
 * docs.aws.amazon.com/systems-manager/latest/APIReference/API_TerminateSession.html and API_ResumeSession.html
 */
export class SessionApi {
  readonly #sign: Sign;

  constructor({ sign }: SessionApiDeps) {
    this.#sign = sign;
  }

  /** The headers with which the WebSocket of a session is opened; none where the URL is signed itself. */
  socketHeaders({ streamUrl }: Session): Promise<Record<string, string>> {
    const url = new URL(streamUrl);
    if (url.searchParams.has('X-Amz-Signature')) return Promise.resolve({});
    return this.#sign({ method: 'GET', url, service: 'ssmmessages' });
  }

  /** The agent hangs up on the command. Harmless for a session that is over. */
  async terminate(session: Session, signal: AbortSignal): Promise<void> {
    await this.#call('TerminateSession', session, signal);
  }

  /** A new token for a session whose connection was lost; undefined when the session is over. */
  async resume(session: Session, signal: AbortSignal): Promise<Session | undefined> {
    const answer = await this.#call('ResumeSession', session, signal);
    const { TokenValue: token, StreamUrl: streamUrl } = answer;
    if (typeof token !== 'string' || token === '') return undefined;
    return { ...session, token, streamUrl: typeof streamUrl === 'string' ? streamUrl : session.streamUrl };
  }

  async #call(
    action: 'TerminateSession' | 'ResumeSession',
    { id, streamUrl }: Session,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const url = apiOf(streamUrl);
    const body = JSON.stringify({ SessionId: id });
    const headers = await this.#sign({
      ...{ method: 'POST', url, service: 'ssm', body },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${action}` },
    });
    const timeout = AbortSignal.timeout(callTimeoutMs);
    const { host: _host, ...sent } = headers;
    let answer: { readonly status: number; readonly text: string };
    try {
      const response = await fetch(url, {
        ...{ method: 'POST', headers: sent, body, redirect: 'error' },
        signal: AbortSignal.any([signal, timeout]),
      });
      answer = { status: response.status, text: await textOf(response) };
    } catch (error) {
      signal.throwIfAborted();
      const why = timeout.aborted ? `no answer in ${callTimeoutMs / 1000} seconds` : reasonOf(error);
      throw new ProviderError('Retryable', `${action} at ${url.host}: ${why}`, { cause: error });
    }
    const content = contentOf(answer.text);
    if (answer.status === 200) return content;
    throw refusal(action, answer.status, content);
  }
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Systems Manager is beside the service that carries its sessions. */
function apiOf(streamUrl: string): URL {
  const url = new URL('/', streamUrl);
  const host = url.host.replace(/^ssmmessages\./, 'ssm.');
  return new URL(`${url.protocol === 'ws:' ? 'http' : 'https'}://${host}/`);
}

function contentOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch {
    return {};
  }
}

function refusal(action: string, status: number, content: Readonly<Record<string, unknown>>): ProviderError {
  const { __type: type, message = content.Message } = content;
  const code = typeof type === 'string' ? type.slice(type.indexOf('#') + 1) : `HTTP ${status}`;
  const said = `${action}: ${code}: ${typeof message === 'string' ? message : 'no message'}`;
  if (status === 403 || /AccessDenied/.test(code))
    return new ProviderError(
      'AuthFailed',
      `${said}; add ssm:${action} to the policy of the daemon (docs/guides/burst-to-fargate.md)`,
    );
  return new ProviderError(/Throttl/.test(code) ? 'Throttled' : 'Retryable', said);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
