import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import { createDockerRuntime } from './create-runtime.ts';
import { FakeEngine } from './testing/fake-engine.ts';

const never = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Fake {
  readonly labels: Record<string, string>;
  status: string;
  error: string;
}

/** As much of an engine as a start needs. `start` answers the start of a container (not of a sandbox). */
async function engineWith(start: (container: Fake, response: ServerResponse) => void) {
  const containers = new Map<string, Fake>();
  const engine = await FakeEngine.listen((request, response) => {
    void body(request).then((text) => answer(request, response, text));
  });
  function answer(request: IncomingMessage, response: ServerResponse, text: string): unknown {
    const url = new URL(request.url ?? '', 'http://x');
    const route = url.pathname.replace(/^\/v[\d.]+/, '');
    const name = decodeURIComponent(route.split('/')[2] ?? '');
    const container = containers.get(name);
    const json = (value: unknown): unknown => response.end(JSON.stringify(value));
    if (route === '/version') return json({ ApiVersion: '1.41', Os: 'linux', Arch: 'amd64' });
    if (route === '/info') return json({ ID: 'fake', NCPU: 1, MemTotal: 2 ** 30, OSType: 'linux' });
    if (route.startsWith('/images/')) return json({ Id: 'sha256:1' });
    if (route === '/containers/create') {
      const { Labels: labels } = JSON.parse(text) as { Labels: Record<string, string> };
      containers.set(url.searchParams.get('name') ?? '', { labels, status: 'created', error: '' });
      return json({ Id: 'x' });
    }
    if (route === '/containers/json')
      return json([...containers].map(([Id, { labels, status }]) => ({ Id, Labels: labels, State: status })));
    if (container === undefined) return response.writeHead(404).end('{"message":"No such container"}');
    if (request.method === 'DELETE') {
      containers.delete(name);
      return response.writeHead(204).end();
    }
    if (!route.endsWith('/start')) return json(inspected(name, container));
    if (container.labels['burstlet.dev/role'] === 'container') return start(container, response);
    container.status = 'running';
    return response.writeHead(204).end();
  }
  const stateDir = mkdtempSync(path.join(tmpdir(), 'burstlet-starts-'));
  const options = { host: `unix://${engine.socketPath}` };
  const runtime = createDockerRuntime({ options, log: silent, stateDir });
  cleanups.push(
    () => rmSync(stateDir, { recursive: true }),
    () => engine.close(),
    () => runtime.close(),
  );
  const sandbox = await runtime.createSandbox(plainSpec(owner, []), 'token', never);
  return {
    engine,
    containers,
    run: () => runtime.startContainer(sandbox.id, plainContainer('main', 'app'), 0, never),
  };
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function inspected(Id: string, { labels, status, error }: Fake): object {
  const time = '2026-01-01T00:00:00Z';
  return {
    Id,
    Created: time,
    State: { Status: status, Error: error, ExitCode: 0, StartedAt: time, FinishedAt: time, Pid: 1 },
    Config: { Labels: labels, Tty: false },
    NetworkSettings: { Networks: { bridge: { IPAddress: '10.0.0.2', GlobalIPv6Address: '' } } },
  };
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status).end(JSON.stringify({ message }));
}

test.each([
  [500, 'mkdir /var/lib/docker/overlay2/x: no space left on device'],
  [500, 'failed to create shim task: OCI runtime create failed: write: no space left on device'],
  [500, 'context deadline exceeded'],
  [404, 'No such container: burstlet-sandbox'],
])(
  'an engine in trouble (%i %s) rejects the start, and the next one begins afresh',
  async (status, message) => {
    let trouble = true;
    const { containers, run } = await engineWith((container, response) => {
      container.error = message;
      if (trouble) return fail(response, status, message);
      container.status = 'running';
      response.writeHead(204).end();
    });
    await expect(run()).rejects.toMatchObject({ kind: 'Retryable', reason: 'RunContainerError' });
    expect([...containers.values()].map(({ labels }) => labels['burstlet.dev/role'])).toEqual(['sandbox']);
    trouble = false;
    expect((await run()).state.kind).toBe('running');
  },
);

test('a sandbox that does not run is started, once', async () => {
  let asleep = true;
  const { engine, run } = await engineWith((container, response) => {
    if (asleep) {
      asleep = false;
      return fail(response, 409, 'cannot join network of a non running container: x');
    }
    container.status = 'running';
    response.writeHead(204).end();
  });
  expect((await run()).state.kind).toBe('running');
  expect(engine.requests.filter((line) => line.endsWith('/start'))).toHaveLength(4);
});

test('a start that was refused by the low-level runtime is a run that has ended', async () => {
  const { run } = await engineWith((container, response) => {
    container.error = 'OCI runtime create failed: exec: "x": executable file not found in $PATH: unknown';
    fail(response, 400, container.error);
  });
  expect((await run()).state).toMatchObject({
    kind: 'exited',
    result: { exitCode: 128, reason: 'StartError' },
  });
});
