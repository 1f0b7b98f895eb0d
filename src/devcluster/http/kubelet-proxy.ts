import { pipeline } from 'node:stream/promises';
import { Agent, request } from 'undici';
import type { IssuedCertificate } from '../authority.ts';
import { ApiError, badRequest, internalError, invalid, invalidValue, notFound } from '../store/api-error.ts';
import { record, records, text } from '../store/json.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { StoredObject } from '../store/store.ts';
import type { Call } from './exchange.ts';
import { live } from './objects.ts';

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
 * GETs that a node's kubelet answers: container logs and nodes/proxy. Serving certificates are not verified: kubelets
 * sign theirs themselves, and kube-apiserver, too, asks for more only with --kubelet-certificate-authority. So it
 * shows its own certificate and sends nothing by which somebody else could pass for it, such as a token.
 */
export class KubeletProxy {
  readonly #deps: KubeletProxyDeps;
  readonly #agent: Agent;

  constructor(deps: KubeletProxyDeps) {
    this.#deps = deps;
    const { certPem, keyPem } = deps.certificate;
    this.#agent = new Agent({
      connect: { cert: certPem, key: keyPem, rejectUnauthorized: false, timeout: connectTimeoutMs },
      headersTimeout: headersTimeoutMs,
      // A followed log may be silent for hours.
      bodyTimeout: 0,
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** pods/log (pkg/registry/core/pod/strategy.go LogLocation). */
  async log(call: Call): Promise<void> {
    const pod = live(this.#deps.store, call);
    checkLogOptions(call);
    const container = logContainer(pod, call.query.get('container') ?? '');
    const node = text(record(pod.spec).nodeName);
    if (node === undefined) {
      call.response.writeHead(200, { 'content-type': 'text/plain' }).end();
      return;
    }
    const { namespace = '', name } = pod.metadata;
    const query = new URLSearchParams();
    for (const option of ['follow', 'previous', 'timestamps']) {
      if (isTrue(call.query.get(option))) query.set(option, 'true');
    }
    for (const option of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream']) {
      const value = call.query.get(option);
      if (value !== null) query.set(option, value);
    }
    await this.#forward(call, node, `/containerLogs/${namespace}/${name}/${container}`, query);
  }

  /** nodes/proxy, reading only. */
  async proxy(call: Call): Promise<void> {
    await this.#forward(call, live(this.#deps.store, call).metadata.name, call.rest || '/', call.query);
  }

  async #forward(call: Call, nodeName: string, path: string, query: URLSearchParams): Promise<void> {
    const { response } = call;
    const node = this.#deps.store.get('nodes', undefined, nodeName);
    if (node === undefined) throw notFound('nodes', nodeName);
    const left = new AbortController();
    response.once('close', () => left.abort());
    const url = `${kubeletOrigin(node)}${path}${query.size > 0 ? `?${query}` : ''}`;
    const reply = await request(url, {
      dispatcher: this.#agent,
      signal: left.signal,
    }).catch((error: unknown) => {
      throw internalError(`Get "${url}": ${error instanceof Error ? error.message : String(error)}`);
    });
    if (reply.statusCode < 200 || reply.statusCode > 206) {
      throw kubeletError(call, reply.statusCode, await head(reply.body));
    }
    const type = reply.headers['content-type'];
    response.writeHead(reply.statusCode, { 'content-type': typeof type === 'string' ? type : 'text/plain' });
    response.flushHeaders();
    // A stream that breaks on either side has no status left to send: the connection says it.
    await pipeline(reply.body, response).catch(() => response.destroy());
  }
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

function logContainer(pod: Readonly<StoredObject>, wanted: string): string {
  const spec = record(pod.spec);
  const names = (field: string): string[] => records(spec[field]).map((container) => String(container.name));
  const regular = names('containers');
  const init = names('initContainers');
  const podName = pod.metadata.name;
  if (wanted !== '') {
    if ([...regular, ...init, ...names('ephemeralContainers')].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const [only, second] = regular;
  if (only !== undefined && second === undefined) return only;
  const others = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`;
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${regular.join(' ')}]${others}`,
  );
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

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
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
