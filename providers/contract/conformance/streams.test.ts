import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'vitest';
import type { MockCloud } from '../../mock/cloud.ts';
import { MockProvider } from '../../mock/provider.ts';
import { mockHarness } from '../../mock/testing/harness.ts';
import type { InstanceProvider, InstanceRef, InstanceSpec, OwnerScope, ProcessStreams } from '../index.ts';
import { ProviderError } from '../index.ts';
import { providerConformance } from './index.ts';

type Streaming = Required<Pick<InstanceProvider, 'exec' | 'attach' | 'portForward'>>;
type Breakage = (honest: Streaming) => Partial<Streaming>;

/** What the mock lacks, by means of this machine: good enough for the kit, which must tell it from worse. */
class Local {
  readonly #provider: MockProvider;
  readonly #environments = new Map<string, Record<string, string>>();
  readonly #onlookers = new Set<ProcessStreams>();
  readonly #children = new Set<ChildProcess>();
  readonly #typed = Promise.withResolvers<void>();
  scope: OwnerScope = { clusterUid: '', node: '' };

  constructor(provider: MockProvider) {
    this.#provider = provider;
  }

  note(ref: InstanceRef, spec: InstanceSpec): void {
    const env = spec.containers[0]?.env.map(({ name, value }) => [name, value]) ?? [];
    this.#environments.set(ref.id, Object.fromEntries(env));
  }

  async #check(ref: InstanceRef, name: string): Promise<void> {
    const all = await this.#provider.list(this.scope, new AbortController().signal);
    const state = all
      .find((one) => one.ref.id === ref.id)
      ?.containers.find((one) => one.name === name)?.state;
    if (state?.kind !== 'running') throw new ProviderError('NotFound', `container not found ("${name}")`);
  }

  readonly exec: Streaming['exec'] = async (ref, container, { command, tty }, streams, signal) => {
    await this.#check(ref, container);
    if (tty) throw new ProviderError('Unsupported', 'no terminals');
    const [file = '', ...args] = command;
    const env = { PATH: process.env.PATH ?? '', ...this.#environments.get(ref.id) };
    const child = spawn(file, args, { env, detached: true });
    this.#children.add(child);
    const kill = (): void => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    signal.addEventListener('abort', kill);
    child.stdin.on('error', () => {});
    if (streams.stdin === undefined) child.stdin.end();
    else streams.stdin.pipe(child.stdin);
    for (const name of ['stdout', 'stderr'] as const) {
      const sink = streams[name];
      if (sink === undefined) child[name].resume();
      else child[name].pipe(sink, { end: false });
    }
    try {
      const [code, signalName] = await once(child, 'close');
      signal.throwIfAborted();
      return signalName === null ? code : 128 + constants.signals[signalName as NodeJS.Signals];
    } catch (error) {
      if (signal.aborted) throw error;
      streams.stderr?.write(String(error));
      return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 127 : 126;
    } finally {
      signal.removeEventListener('abort', kill);
    }
  };

  /** The process is made of the sessions: what one types, all see. */
  readonly attach: Streaming['attach'] = async (ref, container, streams, signal) => {
    await this.#check(ref, container);
    this.#onlookers.add(streams);
    streams.stdin?.on('data', (data: Buffer) => {
      for (const line of String(data).split('\n').filter(Boolean)) {
        if (line === 'quit') this.#typed.resolve();
        for (const one of this.#onlookers) one.stdout?.write(`got ${line}\n`);
      }
    });
    await Promise.race([this.#typed.promise, fired(signal)]);
    signal.throwIfAborted();
  };

  readonly portForward: Streaming['portForward'] = async (ref, port, connection, signal) => {
    try {
      await this.#check(ref, 'main');
      const server = createServer({ allowHalfOpen: true }, (socket) =>
        socket.on('error', () => {}).pipe(socket),
      );
      if (port === 17_017) await once(server.listen(0, '127.0.0.1'), 'listening');
      const to = server.listening ? (server.address() as AddressInfo).port : 1;
      const socket: Socket = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true });
      try {
        await Promise.all([
          pipeline(connection, socket, { signal }),
          pipeline(socket, connection, { signal }),
        ]);
      } catch (error) {
        const words =
          error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED' ? 'refused' : error;
        throw signal.aborted ? error : new ProviderError('Retryable', String(words));
      } finally {
        socket.destroy();
        server.close();
      }
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };

  close(): void {
    for (const { pid } of this.#children)
      if (pid !== undefined)
        try {
          process.kill(-pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

/** The mock with streams of this machine, some of them replaced. */
function streaming(cloud: MockCloud, breakage: Breakage): InstanceProvider {
  const provider = new MockProvider({ cloud });
  const local = new Local(provider);
  const { exec, attach, portForward } = local;
  const streams = { exec, attach, portForward, ...breakage({ exec, attach, portForward }) };
  return new Proxy<InstanceProvider>(provider, {
    get(target, key) {
      if (Reflect.has(streams, key)) return Reflect.get(streams, key);
      if (key === 'create')
        return async (spec: InstanceSpec, token: string, signal: AbortSignal) => {
          local.scope = spec.owner;
          const instance = await target.create(spec, token, signal);
          local.note(instance.ref, spec);
          return instance;
        };
      if (key === 'close')
        return async () => {
          local.close();
          await target.close?.();
        };
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function cases(breakage: Breakage, part: string, seconds: number) {
  const patience = { start: seconds, end: seconds, call: seconds };
  const harness = mockHarness({ patience, connect: (cloud) => streaming(cloud, breakage) });
  return providerConformance({ ...harness, lacks: [] }).filter(({ name }) => name.includes(part));
}

describe.concurrent('of streams the kit', () => {
  for (const part of ['exec', 'attach', 'port-forward', 'optional abilities'])
    for (const { name, run } of cases(() => ({}), part, 20))
      it(`is content with a provider that keeps the contract: ${name}`, async ({ expect }) => {
        const reason = await run();
        expect(reason ?? '').toMatch(/^$|terminals|stdin/);
      });
});

/** One defect each, the words of the case that must find it, and what it must say. */
const defects: readonly [name: string, caseName: string, says: RegExp, breakage: Breakage][] = [
  [
    'takes every end for a success',
    'codes are exact, also',
    /exit 3/,
    ({ exec }) => ({ exec: async (...args) => (await exec(...args)) && 0 }),
  ],
  [
    'tells a signal as its number',
    'codes are exact, also',
    /exit 255/,
    ({ exec }) => ({ exec: async (...args) => (await exec(...args)) % 128 }),
  ],
  [
    'mixes the outputs',
    'both outputs come apart',
    /strictly deep-equal/,
    ({ exec }) => ({
      exec: (ref, container, request, streams, signal) =>
        exec(
          ref,
          container,
          request,
          { ...streams, ...(streams.stdout && { stderr: streams.stdout }) },
          signal,
        ),
    }),
  ],
  [
    'keeps the input open',
    'the end of the input',
    /expected within .* exec of/,
    ({ exec }) => ({
      exec: (ref, container, request, streams, signal) => {
        const stdin = new Readable({ read() {} });
        streams.stdin?.on('data', (data) => stdin.push(data));
        return exec(ref, container, request, { ...streams, stdin }, signal);
      },
    }),
  ],
  [
    'loses output at the end',
    'much output arrives',
    /strictly equal/,
    ({ exec }) => ({
      exec: (ref, container, request, streams, signal) => {
        const { stdout, ...rest } = streams;
        if (stdout === undefined) return exec(ref, container, request, streams, signal);
        const write = stdout.write.bind(stdout);
        let bytes = 0;
        stdout.write = (chunk: Buffer) => {
          bytes += chunk.length;
          return bytes > 8_000_000 ? true : write(chunk);
        };
        return exec(ref, container, request, { stdout, ...rest }, signal);
      },
    }),
  ],
  [
    'lets the command live on',
    'a signal that fires kills',
    /the command lives on/,
    ({ exec }) => ({
      exec: async (ref, container, request, streams, signal) => {
        const ended = exec(ref, container, request, streams, new AbortController().signal);
        const outcome = await Promise.race([ended, fired(signal)]);
        signal.throwIfAborted();
        return outcome ?? 0;
      },
    }),
  ],
  [
    'does not hear the signal',
    'a signal that fires kills',
    /exec settles after its signal/,
    ({ exec }) => ({
      exec: (ref, container, request, streams) =>
        exec(ref, container, request, streams, new AbortController().signal),
    }),
  ],
  [
    'makes a rejection of a command that is not there',
    'what cannot be started',
    /no such command/,
    ({ exec }) => ({
      exec: async (...args) => {
        const code = await exec(...args);
        if (code === 127) throw new ProviderError('Retryable', 'no such command');
        return code;
      },
    }),
  ],
  [
    'runs commands in what has ended',
    'what does not run',
    /expected NotFound, but the call succeeded/,
    () => ({ exec: async () => 0 }),
  ],
  [
    'shows the output to the first only',
    'several sessions',
    /the output holds "got hello/,
    ({ attach }) => {
      let isFirst = true;
      return {
        attach: (ref, container, { stdout, ...rest }, signal) => {
          const shown = isFirst && stdout ? { stdout, ...rest } : rest;
          isFirst = false;
          return attach(ref, container, shown, signal);
        },
      };
    },
  ],
  [
    'never ends an attach',
    'several sessions',
    /attach ends with the process/,
    ({ attach }) => ({
      attach: async (...args) => {
        await attach(...args);
        await new Promise(() => {});
      },
    }),
  ],
  [
    'ends both directions with one',
    'so does their end',
    /what came back is not what was sent|port-forward ends|reading|premature|Error/i,
    ({ portForward }) => ({
      portForward: (ref, port, connection, signal) => {
        connection.once('end', () => connection.end());
        return portForward(ref, port, connection, signal);
      },
    }),
  ],
  [
    'takes a refusal for an end',
    'nobody listens',
    /notStrictEqual|Expected "actual" to be strictly unequal/,
    () => ({ portForward: async () => {} }),
  ],
  [
    'leaves the connection open after an error',
    'nobody listens',
    /the connection is left open/,
    () => ({
      portForward: async () => {
        throw new ProviderError('Retryable', 'connection refused');
      },
    }),
  ],
];

/** Found by waiting for what does not come; the others have the time that a busy machine takes. */
const silences = new Set([
  'keeps the input open',
  'lets the command live on',
  'does not hear the signal',
  'shows the output to the first only',
  'never ends an attach',
  'ends both directions with one',
]);

describe.concurrent('the kit finds a provider that', () => {
  it.for(defects)('%s', async ([name, caseName, says, breakage], { expect }) => {
    const found = cases(breakage, caseName, silences.has(name) ? 2 : 20);
    expect(found).toHaveLength(1);
    await expect(found[0]?.run()).rejects.toThrow(says);
  });
});
