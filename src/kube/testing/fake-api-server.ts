import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pod } from '../types.ts';
import { type Loopback, sendJson, startLoopback, statusBody } from './loopback.ts';

/** What goes wrong with one request. Bytes count the body of the answer. */
export type Fault =
  | { readonly kind: 'status'; readonly code: number; readonly reason: string; readonly retryAfter?: number }
  /** The connection is reset before any answer. */
  | { readonly kind: 'refuse' }
  /** The connection is closed after so many bytes, without an end of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The answer ends in an orderly way after so many bytes. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** The socket stays open, but nothing comes any more. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Every event of this watch is of a type that nobody knows. */
  | { readonly kind: 'garble' }
  /** Every event of this watch comes twice, the second time late. */
  | { readonly kind: 'repeat' }
  /** Two events of this watch that follow each other and are of different names change places. */
  | { readonly kind: 'reorder' };

export interface SeenRequest {
  readonly kind: 'list' | 'watch' | 'get';
  readonly query: URLSearchParams;
}

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: Pod;
}

interface Watcher {
  readonly out: FaultyBody;
  readonly garble: boolean;
  readonly repeat: boolean;
  readonly reorder: boolean;
  sent: number;
}

/** A scripted API server for Pods of one namespace: list with pages, watch with bookmarks, and faults on demand. */
export class FakeApiServer {
  readonly requests: SeenRequest[] = [];
  /** Asked for every request. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  readonly #pods = new Map<string, Pod>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #snapshots = new Map<string, { version: number; items: Pod[] }>();
  #version = 100;
  #oldest = 0;
  #uids = 0;
  #server: Loopback | undefined;
  #port = 0;

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    await fake.up();
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get version(): number {
    return this.#version;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** uid → resourceVersion of what there is. */
  state(): Map<string, string> {
    return new Map(
      [...this.#pods.values()].map(({ metadata }) => [metadata?.uid ?? '', metadata?.resourceVersion ?? '']),
    );
  }

  /** Listens again, on the port of the first time. */
  async up(): Promise<void> {
    this.#server = await startLoopback((request, response) => this.#handle(request, response), this.#port);
    this.#port = this.#server.port;
  }

  async down(): Promise<void> {
    this.#watchers.clear();
    await this.#server?.close();
  }

  /** Creates the Pod, or changes it. */
  write(name: string): Pod {
    const old = this.#pods.get(name);
    this.#version++;
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: 'default',
        name,
        uid: old?.metadata?.uid ?? `uid-${this.#uids++}`,
        resourceVersion: String(this.#version),
        managedFields: [{ manager: 'test' }],
      },
    };
    this.#pods.set(name, pod);
    this.#commit({ type: old === undefined ? 'ADDED' : 'MODIFIED', version: this.#version, object: pod });
    return pod;
  }

  remove(name: string): void {
    const old = this.#pods.get(name);
    if (old === undefined) return;
    this.#version++;
    this.#pods.delete(name);
    const metadata = { ...old.metadata, resourceVersion: String(this.#version) };
    this.#commit({ type: 'DELETED', version: this.#version, object: { ...old, metadata } });
  }

  /** Forgets the changes up to now: versions before are answered with 410. */
  compact(): void {
    this.#oldest = this.#version;
    this.#snapshots.clear();
  }

  /** As after a restore from a backup: versions begin anew, further back. */
  restoreAt(version: number): void {
    this.#version = version;
    this.#changes.length = 0;
    this.#oldest = 0;
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(this.#version) };
    for (const { out } of this.#watchers)
      out.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`);
  }

  /** Sends a line as it is to every watcher. */
  sendRaw(line: string): void {
    for (const { out } of this.#watchers) out.write(line);
  }

  endWatches(): void {
    for (const { out } of this.#watchers) out.end();
  }

  cutAll(): void {
    this.#server?.cutAll();
  }

  #commit(change: Change): void {
    this.#changes.push(change);
    for (const watcher of this.#watchers) this.#feed(watcher);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://localhost');
    const query = url.searchParams;
    const name = url.pathname.split('/pods/')[1];
    const kind = name !== undefined ? 'get' : query.has('watch') ? 'watch' : 'list';
    const seen: SeenRequest = { kind, query };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault?.kind === 'refuse') request.socket.resetAndDestroy();
    else if (fault?.kind === 'status') {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      sendJson(response, fault.code, statusBody(fault.code, fault.reason), headers);
    } else if (kind === 'watch') this.#watch(query, response, fault);
    else {
      const [code, body] = name === undefined ? this.#list(query) : this.#get(name);
      response.writeHead(code, { 'content-type': 'application/json' });
      const out = new FaultyBody(response, fault);
      out.write(JSON.stringify(body));
      out.end();
    }
  }

  #get(name: string): [number, unknown] {
    const pod = this.#pods.get(name);
    return pod === undefined ? [404, statusBody(404, 'NotFound', `pods "${name}" not found`)] : [200, pod];
  }

  #list(query: URLSearchParams): [number, unknown] {
    const token = query.get('continue');
    const limit = Number(query.get('limit') ?? 0);
    const [id = '', offsetText = '0'] = token?.split('.') ?? [];
    const offset = Number(offsetText);
    const snapshot =
      token === null ? { version: this.#version, items: [...this.#pods.values()] } : this.#snapshots.get(id);
    if (snapshot === undefined)
      return [410, statusBody(410, 'Expired', 'The provided continue parameter is too old')];
    const end = limit > 0 ? offset + limit : snapshot.items.length;
    const metadata: { resourceVersion: string; continue?: string } = {
      resourceVersion: String(snapshot.version),
    };
    if (end < snapshot.items.length) {
      metadata.continue = `${snapshot.version}.${end}`;
      this.#snapshots.set(String(snapshot.version), snapshot);
    }
    const items = snapshot.items.slice(offset, end).map(({ apiVersion: _a, kind: _k, ...item }) => item);
    return [200, { apiVersion: 'v1', kind: 'PodList', metadata, items: items.length > 0 ? items : null }];
  }

  #watch(query: URLSearchParams, response: ServerResponse, fault: Fault | undefined): void {
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const out = new FaultyBody(response, fault);
    if (from < this.#oldest) {
      const object = statusBody(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`);
      out.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      out.end();
      return;
    }
    const watcher: Watcher = {
      out,
      garble: fault?.kind === 'garble',
      repeat: fault?.kind === 'repeat',
      reorder: fault?.kind === 'reorder',
      sent: from,
    };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    this.#feed(watcher);
  }

  #feed(watcher: Watcher): void {
    const due = this.#changes.filter((change) => change.version > watcher.sent);
    watcher.sent = this.#version;
    if (watcher.reorder) swapNeighbours(due);
    const lines = due.map(
      ({ type, object }) => `${JSON.stringify({ type: watcher.garble ? 'X' : type, object })}\n`,
    );
    if (watcher.repeat) lines.push(...lines);
    if (lines.length > 0) watcher.out.write(lines.join(''));
  }
}

function swapNeighbours(changes: Change[]): void {
  for (let at = 0; at + 1 < changes.length; at += 2) {
    const [first, second] = [changes[at], changes[at + 1]];
    if (first === undefined || second === undefined) return;
    if (first.object.metadata?.name === second.object.metadata?.name) continue;
    changes[at] = second;
    changes[at + 1] = first;
  }
}

/** An answer's body that breaks off where its fault says. */
class FaultyBody {
  readonly #response: ServerResponse;
  readonly #fault: Fault | undefined;
  #rest: number;
  #over = false;

  constructor(response: ServerResponse, fault: Fault | undefined) {
    this.#response = response;
    this.#fault = fault;
    this.#rest = fault !== undefined && 'afterBytes' in fault ? fault.afterBytes : Number.POSITIVE_INFINITY;
  }

  write(text: string): void {
    if (this.#over || this.#response.destroyed) return;
    const bytes = Buffer.from(text);
    if (bytes.length < this.#rest) {
      this.#rest -= bytes.length;
      this.#response.write(bytes);
      return;
    }
    this.#over = true;
    const head = bytes.subarray(0, this.#rest);
    if (this.#fault?.kind === 'truncate') this.#response.end(head);
    else if (this.#fault?.kind === 'stall') this.#response.write(head);
    // Closed, not reset: a reset lets the reader's kernel drop bytes that it has received.
    else this.#response.write(head, () => this.#response.socket?.destroy());
  }

  end(): void {
    if (this.#over || this.#response.destroyed) return;
    this.#over = true;
    this.#response.end();
  }
}
