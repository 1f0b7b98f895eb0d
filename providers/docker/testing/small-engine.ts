import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeEngine } from './fake-engine.ts';

export interface FakeContainer {
  readonly labels: Record<string, string>;
  status: string;
  error: string;
  /** RFC 3339. */
  readonly created: string;
}

/** Answers the start of a container. Default: it runs. */
type Start = (container: FakeContainer, response: ServerResponse) => void;

/** As much of an engine as it takes to make sandboxes and to start containers in them. */
export class SmallEngine {
  /** By name. */
  readonly containers = new Map<string, FakeContainer>();
  startOf: { sandbox: Start; container: Start } = { sandbox: runs, container: runs };
  #fake: FakeEngine | undefined;
  #made = 0;

  static async listen(): Promise<SmallEngine> {
    const small = new SmallEngine();
    small.#fake = await FakeEngine.listen((request, response) => {
      void body(request).then((text) => small.#answer(request, response, text));
    });
    return small;
  }

  get host(): string {
    return `unix://${this.#fake?.socketPath}`;
  }

  /** `POST /v1.41/containers/NAME/start`, in order. */
  get requests(): readonly string[] {
    return this.#fake?.requests ?? [];
  }

  async close(): Promise<void> {
    await this.#fake?.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse, text: string): unknown {
    const url = new URL(request.url ?? '', 'http://x');
    const route = url.pathname.replace(/^\/v[\d.]+/, '');
    const name = decodeURIComponent(route.split('/')[2] ?? '');
    const container = this.containers.get(name);
    const json = (value: unknown): unknown => response.end(JSON.stringify(value));
    if (route === '/version') return json({ ApiVersion: '1.41', Os: 'linux', Arch: 'amd64' });
    if (route === '/info') return json({ ID: 'fake', NCPU: 1, MemTotal: 2 ** 30, OSType: 'linux' });
    if (route === '/events') return response.flushHeaders();
    if (route === '/volumes') return json({ Volumes: [] });
    if (route.startsWith('/images/')) return json({ Id: 'sha256:1' });
    if (route === '/containers/create') {
      const { Labels: labels } = JSON.parse(text) as { Labels: Record<string, string> };
      const taken = this.containers.has(url.searchParams.get('name') ?? '');
      if (taken) return fail(response, 409, 'Conflict. The container name is already in use');
      const created = new Date(Date.UTC(2026, 0, 1) + 1000 * this.#made++).toISOString();
      this.containers.set(url.searchParams.get('name') ?? '', {
        ...{ labels, created },
        ...{ status: 'created', error: '' },
      });
      return json({ Id: 'x' });
    }
    if (route === '/containers/json')
      return json(
        [...this.containers].map(([Id, { labels, status }]) => ({ Id, Labels: labels, State: status })),
      );
    if (container === undefined) return fail(response, 404, 'No such container');
    if (request.method === 'DELETE') {
      this.containers.delete(name);
      return response.writeHead(204).end();
    }
    if (route.endsWith('/rename')) {
      this.containers.delete(name);
      this.containers.set(url.searchParams.get('name') ?? '', container);
      return response.writeHead(204).end();
    }
    if (!route.endsWith('/start')) return json(inspected(name, container));
    const { sandbox, container: other } = this.startOf;
    return (container.labels['burstlet.dev/role'] === 'container' ? other : sandbox)(container, response);
  }
}

export function runs(container: FakeContainer, response: ServerResponse): void {
  container.status = 'running';
  response.writeHead(204).end();
}

export function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status).end(JSON.stringify({ message }));
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function inspected(Id: string, { labels, status, error, created }: FakeContainer): object {
  return {
    Id,
    Created: created,
    State: { Status: status, Error: error, ExitCode: 0, StartedAt: created, FinishedAt: created, Pid: 1 },
    Config: { Labels: labels, Tty: false },
    NetworkSettings: { Networks: { bridge: { IPAddress: '10.0.0.2', GlobalIPv6Address: '' } } },
  };
}
