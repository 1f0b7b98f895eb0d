import http from 'node:http';
import https from 'node:https';
import type { HttpAction } from '../../../providers/contract/index.ts';

/** As the kubelet's prober sends it. */
const userAgent = 'kube-probe/1.36';
const maxRedirects = 10;
const maxBodyBytes = 10 * 1024;

/**
 * GET as probes and hooks make it (pkg/probe/http): no keep-alive, no verification of certificates, redirects followed
 * on the same host only; one that leads elsewhere is the answer itself. Resolves with the status code.
 */
export async function httpGet(action: HttpAction, address: string, signal: AbortSignal): Promise<number> {
  const host = action.host ?? address;
  const path = action.path.startsWith('/') ? action.path : `/${action.path}`;
  let url = new URL(
    `${action.scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${action.port}${path}`,
  );
  const first = url.hostname;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const { status, location } = await get(url, action, signal);
    const next = location === undefined ? null : URL.parse(location, url.href);
    if (next === null || next.hostname !== first) return status;
    url = next;
  }
  throw new Error(`stopped after ${maxRedirects} redirects`);
}

function get(
  url: URL,
  action: HttpAction,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(
      url,
      { agent: false, rejectUnauthorized: false, signal, headers: headersOf(action) },
      (response) => {
        const status = response.statusCode ?? 0;
        const { location } = response.headers;
        const answer = { status, location: status >= 300 && status < 400 ? location : undefined };
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes < maxBodyBytes) return;
          response.destroy();
          resolve(answer);
        });
        response.on('end', () => resolve(answer));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

function headersOf(action: HttpAction): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'User-Agent': userAgent, Accept: '*/*' };
  const own = new Map<string, string[]>();
  for (const { name, value } of action.headers) {
    const key = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
    own.set(key, [...(own.get(key) ?? []), value]);
  }
  for (const [name, values] of own)
    headers[name] = name.toLowerCase() === 'host' || values.length === 1 ? (values[0] ?? '') : values;
  return headers;
}
