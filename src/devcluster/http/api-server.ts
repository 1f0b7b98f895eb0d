import { type IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { IssuedCertificate } from '../authority.ts';
import { type OpenApi, v2ProtobufType } from '../openapi/index.ts';
import {
  ApiError,
  internalError,
  methodNotAllowed,
  notImplemented,
  pathNotFound,
} from '../store/api-error.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { isStored } from '../store/resource-table.ts';
import { type Answer, sendAnswer, sendError, sendJson } from './answer.ts';
import { authorizeCall, authorizePath, impersonated, unauthorized } from './authorize.ts';
import { discover } from './discovery.ts';
import type { Call, Exchange } from './exchange.ts';
import { KubeletProxy } from './kubelet-proxy.ts';
import { list } from './lists.ts';
import * as objects from './objects.ts';
import { bind, evict } from './pod-subresources.ts';
import { parseResourcePath } from './resource-path.ts';
import { isReview, requestToken, review } from './reviews.ts';
import { scale } from './scale.ts';
import { Serializer } from './serializer.ts';
import type { TokenAuthority, User } from './tokens.ts';
import { watch } from './watch.ts';

export interface ApiServerDeps {
  readonly store: MemoryStore;
  readonly tokens: TokenAuthority;
  readonly openApi: OpenApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Its serving certificate. */
  readonly tls: IssuedCertificate;
  /** Who it is to kubelets. */
  readonly kubeletClient: IssuedCertificate;
}

const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0-burstlet',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
};

const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
const probes = ['/healthz', '/livez', '/readyz'];

/** The HTTPS front of the store. */
export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #objects: objects.ObjectDeps;
  readonly #serializer = new Serializer();
  readonly #kubelets: KubeletProxy;
  readonly #server: Server;
  /** Connections that the server has given out of its hands and nobody else has taken yet. */
  readonly #upgrading = new Set<Socket>();

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    const { store, clock, openApi, tls } = deps;
    this.#objects = { store, now: () => clock.now(), openApi };
    this.#kubelets = new KubeletProxy({ store, certificate: deps.kubeletClient });
    this.#server = createServer({ cert: tls.certPem, key: tls.keyPem, ALPNProtocols: ['http/1.1'] });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response);
    });
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      void this.#serveUpgrade(request, socket, head);
    });
    // Watches live long; what a client takes to send a request is bounded by the header and request time-outs.
    this.#server.keepAliveTimeout = 90_000;
  }

  /** Listens on loopback; port 0 = any. Resolves with the port. */
  start(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        // The address of a TCP server that listens is never a pipe's name.
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Cuts every connection. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const socket of this.#upgrading) socket.destroy();
    await Promise.all([closed, this.#kubelets.close()]);
  }

  /** Whatever the path, answered as any other request is; where it is a stream, the handler takes the connection over. */
  async #serveUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    this.#upgrading.add(socket);
    await this.#serve(request, response, { socket, head });
    this.#upgrading.delete(socket);
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: Exchange['upgrade'],
  ): Promise<void> {
    try {
      const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
      const method = request.method ?? 'GET';
      const open =
        path === '/version' || probes.some((probe) => path === probe || path.startsWith(`${probe}/`));
      const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
      const user = bearer === undefined ? undefined : this.#deps.tokens.authenticate(bearer);
      if (user === undefined && (!open || bearer !== undefined)) throw unauthorized();
      const exchange: Exchange = {
        method,
        path,
        query: new URLSearchParams(search),
        request,
        response,
        user: impersonated(user ?? anonymous, request.headers),
        ...(upgrade && { upgrade }),
      };
      const resourcePath = parseResourcePath(path);
      if (resourcePath === undefined) this.#answerPath(exchange);
      else {
        const answer = await this.#answerCall({ ...exchange, ...resourcePath });
        sendAnswer(exchange, answer, { clock: this.#deps.clock, serializer: this.#serializer });
      }
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #fail(response: ServerResponse, error: unknown): void {
    // The rest of a body that nobody reads would block the connection.
    response.req.resume();
    if (response.destroyed || response.req.errored) return;
    if (error instanceof ApiError) {
      sendError(response, error);
      return;
    }
    this.#deps.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a request failed');
    sendError(response, internalError(error instanceof Error ? error.message : String(error)));
  }

  async #answerCall(call: Call): Promise<Answer> {
    const verb = verbOf(call);
    authorizeCall(call, verb);
    const { resource, subresource } = call;
    if (subresource !== undefined) return this.#answerSubresource(call, subresource, verb);
    if (!resource.verbs.includes(verb)) throw methodNotAllowed();
    if (isReview(resource.plural)) return review(this.#deps, call);
    if (!isStored(resource)) return bind(this.#objects, call);
    switch (verb) {
      case 'get':
        return objects.get(this.#objects, call);
      case 'list':
        return list(this.#deps.store, call);
      case 'watch':
        watch(call, { ...this.#deps, serializer: this.#serializer });
        return undefined;
      case 'create':
        return objects.create(this.#objects, call);
      case 'update':
        return objects.update(this.#objects, call);
      case 'patch':
        return objects.patch(this.#objects, call);
      case 'delete':
        return objects.remove(this.#objects, call);
      default:
        return objects.removeAll(this.#objects, call);
    }
  }

  async #answerSubresource(call: Call, name: string, verb: string): Promise<Answer> {
    if (call.resource.id === 'pods' && name === 'resize')
      throw notImplemented(
        'pods/resize (a Pod keeps the resources it was created with: delete it and create it anew)',
      );
    const known = call.resource.subresources.find((one) => one.name === name);
    if (known === undefined) throw pathNotFound();
    if (!known.verbs.includes(verb)) throw methodNotAllowed();
    switch (name) {
      case 'binding':
        return bind(this.#objects, call);
      case 'eviction':
        return evict(this.#objects, call);
      case 'scale':
        return scale(this.#objects, call);
      case 'token':
        return requestToken(this.#deps, call);
      case 'log':
        await this.#kubelets.log(call);
        return undefined;
      case 'exec':
      case 'attach':
      case 'portforward':
        await this.#kubelets.stream(call, name);
        return undefined;
      case 'proxy':
        if (call.resource.id === 'nodes') await this.#kubelets.proxyToNode(call);
        else await this.#kubelets.proxyToPod(call);
        return undefined;
      default: {
        if (verb === 'get') return objects.get(this.#objects, call);
        return verb === 'update' ? objects.update(this.#objects, call) : objects.patch(this.#objects, call);
      }
    }
  }

  /** Everything that is no resource: discovery, schemas, probes. */
  #answerPath(exchange: Exchange): void {
    const { path, method, response, request, user } = exchange;
    if (probes.some((probe) => path === probe || path.startsWith(`${probe}/`))) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
      return;
    }
    if (path === '/version') {
      sendJson(response, 200, JSON.stringify(version));
      return;
    }
    authorizePath(user, method.toLowerCase(), path);
    if (method !== 'GET') throw pathNotFound();
    if (path === '/openapi/v2' && (request.headers.accept ?? '').includes('protobuf')) {
      response.writeHead(200, { 'content-type': v2ProtobufType }).end(this.#deps.openApi.v2Protobuf());
      return;
    }
    const found = discover(path.replace(/\/$/, ''), request.headers.accept ?? '', request.headers.host ?? '');
    const body = found === undefined ? this.#schema(path) : JSON.stringify(found.body);
    if (body === undefined) throw pathNotFound();
    sendJson(response, 200, body, found?.type);
  }

  #schema(path: string): string | undefined {
    const { openApi } = this.#deps;
    if (path === '/openapi/v2') return openApi.v2Document();
    if (path === '/openapi/v3') return openApi.v3Index();
    return path.startsWith('/openapi/v3/')
      ? openApi.v3Document(path.slice('/openapi/v3/'.length))
      : undefined;
  }
}

/** The verb as authorization and the resource table name it. */
function verbOf({ method, name, subresource, query }: Call): string {
  const one = name !== undefined;
  if (one && (method === 'GET' || (method === 'HEAD' && subresource === 'proxy'))) return 'get';
  if (method === 'GET') return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
  if (method === 'POST' && (!one || subresource !== undefined)) return 'create';
  if (method === 'PUT' && one) return 'update';
  if (method === 'PATCH' && one) return 'patch';
  if (method === 'DELETE') return one ? 'delete' : 'deletecollection';
  throw methodNotAllowed();
}
