import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, type Dispatcher, request } from 'undici';
import type { IssuedCertificate } from '../authority.ts';
import {
  ApiError,
  badRequest,
  internalError,
  invalid,
  invalidValue,
  notFound,
  notImplemented,
} from '../store/api-error.ts';
import { record, records, text } from '../store/json.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { StoredObject } from '../store/store.ts';
import type { Call } from './exchange.ts';
import { live } from './objects.ts';
import { endToEndHeaders } from './passed-on.ts';
import { parseProxyId, podOrigin } from './pod-proxy-target.ts';
import { chosenContainer, isOn, type StreamName, streamLocation } from './stream-location.ts';
import { Tunnels } from './tunnel.ts';

export interface KubeletProxyDeps {
  readonly store: MemoryStore;
  /** Who this server is to kubelets. */
  readonly certificate: IssuedCertificate;
}

const connectTimeoutMs = 10_000;
const headersTimeoutMs = 30_000;
/** k8s.io/apiserver registry/generic/rest/response_checker.go */
const maxErrorBytes = 50_000;

/**
 * What somebody behind this server answers: a kubelet (logs, exec, attach, port-forward, nodes/proxy) or a Pod itself
 * (pods/proxy). Serving certificates are not verified: kubelets sign theirs themselves, and kube-apiserver, too, asks
 * for more only with --kubelet-certificate-authority. So it shows its own certificate, to nodes only, and sends
 * nothing by which somebody else could pass for it, such as a token.
 */
export class KubeletProxy {
  readonly #deps: KubeletProxyDeps;
  readonly #toKubelets: Agent;
  readonly #toPods: Agent;
  readonly #tunnels: Tunnels;

  constructor(deps: KubeletProxyDeps) {
    this.#deps = deps;
    const { certPem: cert, keyPem: key } = deps.certificate;
    const connect = { rejectUnauthorized: false, timeout: connectTimeoutMs };
    // A followed log may be silent for hours.
    const times = { headersTimeout: headersTimeoutMs, bodyTimeout: 0 };
    this.#toKubelets = new Agent({ connect: { ...connect, cert, key }, ...times });
    this.#toPods = new Agent({ connect, ...times });
    this.#tunnels = new Tunnels({ cert, key }, headersTimeoutMs);
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    this.#tunnels.close();
    await Promise.all([this.#toKubelets.destroy(), this.#toPods.destroy()]);
  }

  /** pods/log (pkg/registry/core/pod/strategy.go LogLocation). */
  async log(call: Call): Promise<void> {
    const pod = live(this.#deps.store, call);
    checkLogOptions(call);
    const container = chosenContainer(pod, call.query.get('container') ?? '');
    const node = text(record(pod.spec).nodeName);
    if (node === undefined) {
      call.response.writeHead(200, { 'content-type': 'text/plain' }).end();
      return;
    }
    const { namespace = '', name } = pod.metadata;
    const query = new URLSearchParams();
    for (const option of ['follow', 'previous', 'timestamps']) {
      if (isOn(call.query.get(option))) query.set(option, 'true');
    }
    for (const option of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream']) {
      const value = call.query.get(option);
      if (value !== null) query.set(option, value);
    }
    await this.#log(call, this.#kubelet(node, `/containerLogs/${namespace}/${name}/${container}`, query));
  }

  /** pods/exec, pods/attach and pods/portforward. */
  async stream(call: Call, name: StreamName): Promise<void> {
    const { nodeName, path, query } = streamLocation(live(this.#deps.store, call), name, call.query);
    await this.#tunnels.open(call, this.#kubelet(nodeName, path, query));
  }

  /** nodes/proxy: any request to the kubelet. */
  async proxyToNode(call: Call): Promise<void> {
    const { name } = live(this.#deps.store, call).metadata;
    const url = this.#kubelet(name, call.rest || '/', call.query);
    if (call.upgrade === undefined) await passOn(call, url, this.#toKubelets);
    else await this.#tunnels.open(call, url);
  }

  /** pods/proxy: a plain request to a port of the Pod. */
  async proxyToPod(call: Call): Promise<void> {
    const id = parseProxyId(call.name ?? '');
    const pod = live(this.#deps.store, { ...call, name: id.name });
    if (call.upgrade !== undefined) throw notImplemented('an upgrade through pods/proxy');
    await passOn(call, withQuery(`${podOrigin(pod, id)}${call.rest || '/'}`, call.query), this.#toPods);
  }

  #kubelet(nodeName: string, path: string, query: URLSearchParams): string {
    const node = this.#deps.store.get('nodes', undefined, nodeName);
    if (node === undefined) throw notFound('nodes', nodeName);
    return withQuery(`${kubeletOrigin(node)}${path}`, query);
  }

  async #log(call: Call, url: string): Promise<void> {
    const { response } = call;
    const reply = await ask(call, url, { dispatcher: this.#toKubelets });
    if (reply.statusCode < 200 || reply.statusCode > 206) {
      throw kubeletError(call, reply.statusCode, await head(reply.body));
    }
    const type = reply.headers['content-type'];
    response.writeHead(reply.statusCode, { 'content-type': typeof type === 'string' ? type : 'text/plain' });
    response.flushHeaders();
    await sendBody(reply.body, response);
  }
}

/** The request as it came, and the answer as it comes. */
async function passOn(call: Call, url: string, dispatcher: Agent): Promise<void> {
  const { request: asked, response, method } = call;
  const reply = await ask(call, url, {
    dispatcher,
    // undici knows the methods by name.
    method: method as 'GET',
    headers: endToEndHeaders(asked.headers),
    body: method === 'GET' || method === 'HEAD' ? null : asked,
  });
  response.writeHead(reply.statusCode, endToEndHeaders(reply.headers));
  response.flushHeaders();
  await sendBody(reply.body, response);
}

/** Ends when the client leaves. */
async function ask(
  { response, method }: Call,
  url: string,
  options: NonNullable<Parameters<typeof request>[1]>,
): Promise<Dispatcher.ResponseData<unknown>> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  return await request(url, { ...options, signal: left.signal }).catch((error: unknown) => {
    const verb = `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;
    throw internalError(`${verb} "${url}": ${error instanceof Error ? error.message : String(error)}`);
  });
}

/** A stream that breaks on either side has no status left to send: the connection says it. */
async function sendBody(body: Readable, response: ServerResponse): Promise<void> {
  await pipeline(body, response).catch(() => response.destroy());
}

function withQuery(url: string, query: URLSearchParams): string {
  return query.size > 0 ? `${url}?${query}` : url;
}

function kubeletOrigin(node: Readonly<StoredObject>): string {
  const status = record(node.status);
  const addresses = records(status.addresses);
  const host = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalIP']
    .map((type) => text(addresses.find((one) => one.type === type)?.address))
    .find((address) => address !== undefined);
  if (host === undefined) {
    throw internalError(`no preferred addresses found for node "${node.metadata.name}"`);
  }
  const port = record(record(status.daemonEndpoints).kubeletEndpoint).Port;
  return `https://${host.includes(':') ? `[${host}]` : host}:${typeof port === 'number' ? port : 10250}`;
}

function checkLogOptions({ query, name = '' }: Call): void {
  const minimum = { tailLines: 0, limitBytes: 1, sinceSeconds: 1 };
  const causes = Object.entries(minimum).flatMap(([option, least]) => {
    const value = query.get(option);
    if (value === null || (/^-?\d+$/.test(value) && Number(value) >= least)) return [];
    return [invalidValue(option, Number(value), `must be greater than or equal to ${least}`)];
  });
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    causes.push({
      reason: 'FieldValueForbidden',
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      field: '',
    });
  }
  if (causes.length > 0) throw invalid('PodLogOptions', '', name, causes);
}

async function head(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxErrorBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxErrorBytes).toString('utf8');
}

/** How the real server passes on what a kubelet refuses. */
function kubeletError(call: Call, code: number, body: string): ApiError {
  if (code === 400) return badRequest(body);
  if (code === 500) return internalError(body);
  const what = `( ${call.resource.plural}/${call.subresource} ${call.name})`;
  const known: Readonly<Record<number, readonly [string, string]>> = {
    401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
    403: ['Forbidden', body],
    404: ['NotFound', 'the server could not find the requested resource'],
    405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  };
  const [reason, message] = known[code] ?? [
    code >= 500 ? 'InternalError' : 'Unknown',
    `an error on the server (${JSON.stringify(body)}) has prevented the request from succeeding`,
  ];
  return new ApiError(code, reason, `${message} ${what}`, {
    ...(call.name !== undefined && { name: call.name }),
    kind: call.resource.plural,
    causes: [{ reason: 'UnexpectedServerResponse', message: body }],
  });
}
