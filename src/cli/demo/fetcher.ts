import { Agent, request } from 'undici';
import type { Answer, Question } from './observed.ts';

export interface Fetcher {
  /** Never rejects. */
  fetch(question: Question, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

export interface ApiAccess {
  /** `https://host:port` */
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

const timeoutMs = 5_000;
const maxBytes = 1024 * 1024;

/** Asks servers in Pods directly, and the API server for logs. */
export function createFetcher(api: ApiAccess): Fetcher {
  const pods = new Agent();
  const cluster = new Agent({ connect: { ca: api.caPem } });
  return {
    async fetch({ about }, signal) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        if (about.type === 'http') return await get(about.url, pods, {}, bounded);
        const path = `/api/v1/namespaces/${encodeURIComponent(about.namespace)}/pods/${encodeURIComponent(about.pod)}/log`;
        return await get(`${api.url}${path}`, cluster, { authorization: `Bearer ${api.token}` }, bounded);
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    },
    async close() {
      await Promise.all([pods.destroy(), cluster.destroy()]);
    },
  };
}

async function get(
  url: string,
  dispatcher: Agent,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const { statusCode, body } = await request(url, { dispatcher, headers, signal });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    bytes += chunks.at(-1)?.length ?? 0;
    if (bytes > maxBytes) break;
  }
  return { status: statusCode, body: Buffer.concat(chunks).toString('utf8').slice(0, maxBytes) };
}
