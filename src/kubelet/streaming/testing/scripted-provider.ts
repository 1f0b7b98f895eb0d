import { once } from 'node:events';
import { connect } from 'node:net';
import { finished, type Readable, type Writable } from 'node:stream';
import type { InstanceProvider, ProcessStreams } from '../../../../providers/contract/index.ts';

/** One call to the provider, as the tests want to see it. */
export interface ScriptedCall {
  readonly container: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly streams: ProcessStreams;
  readonly signal: AbortSignal;
  /** Bytes of input that the process has read, and whether it read the end. */
  input: { bytes: number; ended: boolean };
  /** Set once the call has settled. */
  settled: boolean;
}

const floodByte = 'f'.charCodeAt(0);

/** A provider whose processes live in memory. The command says what they do. For tests. */
export class ScriptedProvider {
  readonly calls: ScriptedCall[] = [];
  /** Told of each call as it begins. */
  onCall: (call: ScriptedCall) => void = () => undefined;

  /** As a provider; those abilities that are named in `without` it has not. */
  provider(...without: ('exec' | 'attach' | 'portForward')[]): InstanceProvider {
    const abilities: Pick<InstanceProvider, 'exec' | 'attach' | 'portForward'> = {
      exec: (_ref, container, { command, tty }, streams, signal) =>
        this.#called({ container, command, tty, streams, signal, ...fresh() }),
      attach: async (_ref, container, streams, signal) => {
        await this.#called({ container, command: ['cat'], tty: false, streams, signal, ...fresh() });
      },
      portForward: async (_ref, port, connection, signal) => {
        const call = { container: `:${port}`, command: [], tty: false, streams: {}, signal, ...fresh() };
        this.calls.push(call);
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, signal });
        try {
          await once(socket, 'connect');
          connection.pipe(socket).pipe(connection);
          await Promise.all([done(socket), done(connection)]);
        } finally {
          socket.destroy();
          call.settled = true;
        }
      },
    };
    for (const ability of without) delete abilities[ability];
    return { name: 'scripted', ...abilities } as InstanceProvider;
  }

  async #called(call: ScriptedCall): Promise<number> {
    this.calls.push(call);
    this.onCall(call);
    try {
      return await runScript(call);
    } finally {
      call.settled = true;
    }
  }
}

function fresh(): Pick<ScriptedCall, 'input' | 'settled'> {
  return { input: { bytes: 0, ended: false }, settled: false };
}

function done(stream: NodeJS.ReadableStream & Writable): Promise<void> {
  return new Promise((resolve, reject) => finished(stream, (error) => (error ? reject(error) : resolve())));
}

/** The commands: `cat`, `exit N`, `print OUT ERR N`, `flood BYTES`, `dump BYTES`, `silent`, `deaf`, `broken`, `sizes N`. */
async function runScript({ command, streams, signal, input }: ScriptedCall): Promise<number> {
  const [name, ...args] = command;
  const { stdin, stdout, stderr } = streams;
  switch (name) {
    case 'cat':
      if (stdin === undefined) return waited(signal);
      return Promise.race([copied(stdin, stdout, input, signal), waited(signal)]);
    case 'exit':
      return Number(args[0]);
    case 'print':
      await put(stdout, Buffer.from(args[0] ?? ''), signal);
      await put(stderr, Buffer.from(args[1] ?? ''), signal);
      return Number(args[2] ?? 0);
    case 'flood':
      for (let left = Number(args[0]); left > 0; left -= 65_536)
        await put(stdout, Buffer.alloc(Math.min(left, 65_536), floodByte), signal);
      return 0;
    case 'dump':
      // Does not wait, and ends at once.
      for (let left = Number(args[0]); left > 0; left -= 65_536)
        stdout?.write(Buffer.alloc(Math.min(left, 65_536), floodByte));
      return 0;
    case 'silent':
      return waited(signal);
    case 'deaf':
      return new Promise(() => undefined);
    case 'sizes': {
      let left = Number(args[0]);
      for await (const { width, height } of streams.sizes ?? []) {
        await put(stdout, Buffer.from(`${width}x${height}\n`), signal);
        if (--left === 0) break;
      }
      return 0;
    }
    default:
      await put(stdout, Buffer.from('some output'), signal);
      throw new Error('the connection to the instance was lost');
  }
}

async function copied(
  from: Readable,
  to: Writable | undefined,
  input: ScriptedCall['input'],
  signal: AbortSignal,
): Promise<number> {
  for await (const chunk of from) {
    input.bytes += chunk.length;
    await put(to, chunk, signal);
  }
  input.ended = true;
  return 0;
}

async function put(to: Writable | undefined, chunk: Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (to !== undefined && chunk.length > 0 && !to.write(chunk)) await once(to, 'drain', { signal });
}

async function waited(signal: AbortSignal): Promise<number> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return 137;
}
