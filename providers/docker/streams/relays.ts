import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ProviderError } from '../../contract/errors.ts';
import type { ProviderLog } from '../../contract/provider.ts';
import type { Engine } from '../engine/engine.ts';
import { hasStatus } from '../engine/errors.ts';
import { connectProgram } from '../image/connect-program.ts';
import { sandboxName } from '../pod/labels.ts';
import { messageOf } from '../view/observer.ts';
import { isAlive } from './session-processes.ts';

const trialMs = 10_000;
/** Of a connection to port 0. */
const refused = 111;

export type Relay = ChildProcessByStdio<Writable, Readable, Readable>;

export interface RelaysDeps {
  readonly engine: Pick<Engine, 'inspect'>;
  readonly stateDir: string;
  readonly remote: boolean;
  readonly log: ProviderLog;
}

/**
 * Programs of this machine in the network of a sandbox. A command of the engine would get there too, but its bytes go
 * through three other processes on their way. It takes Linux, root, and an engine whose containers are processes here.
 */
export class Relays {
  readonly #deps: RelaysDeps;
  #program: Promise<string | undefined> | undefined;

  constructor(deps: RelaysDeps) {
    this.#deps = deps;
  }

  /**
   * Begins the program that connects its input and output to a port, hands it over at once, and resolves to its exit code as
   * `use` tells it. Undefined where it cannot be done. Rejects with NotFound when there is no such sandbox.
   */
  async connect(
    sandboxId: string,
    port: number,
    use: (relay: Relay) => Promise<number>,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    this.#program ??= this.#prepare();
    const program = await this.#program;
    const network = program === undefined ? undefined : await this.#network(sandboxId, signal);
    if (program === undefined || network === undefined) return undefined;
    const within = async (): Promise<number> => use(enter(network.fd, program, port));
    const [code] = await Promise.all([within(), network.close()]);
    return code;
  }

  async #network(sandboxId: string, signal: AbortSignal): Promise<FileHandle | undefined> {
    const { Id, State } = await this.#inspect(sandboxId, signal);
    const network = await open(`/proc/${State.Pid}/ns/net`).catch(() => undefined);
    // Only now: what is open stays what it is, whoever has that number later.
    if (await isAlive(State.Pid, Id)) return network;
    await network?.close();
    return undefined;
  }

  async #inspect(sandboxId: string, signal: AbortSignal) {
    try {
      return await this.#deps.engine.inspect(sandboxName(sandboxId), signal);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      throw new ProviderError('NotFound', error.message, { cause: error });
    }
  }

  /** Never rejects. */
  async #prepare(): Promise<string | undefined> {
    const { remote, stateDir, log } = this.#deps;
    const arch = { x64: 'amd64' as const, arm64: 'arm64' as const }[process.arch as string];
    if (remote || process.platform !== 'linux' || process.getuid?.() !== 0 || arch === undefined)
      return undefined;
    try {
      const program = path.resolve(stateDir, 'bin', 'connect');
      await place(program, connectProgram(arch));
      await tryOut(program);
      return program;
    } catch (error) {
      const message = 'connections to ports go through the engine, which is slower';
      log.info({ err: messageOf(error) }, message);
      return undefined;
    }
  }
}

async function place(file: string, content: Buffer): Promise<void> {
  const there = await readFile(file).catch(() => undefined);
  if (there?.equals(content)) return;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.${process.pid}`, content, { mode: 0o700 });
  await rename(`${file}.${process.pid}`, file);
}

/** Rejects when this machine has no nsenter, this process may not use it, or the program cannot be run. */
async function tryOut(program: string): Promise<void> {
  const own = await open('/proc/self/ns/net');
  try {
    const trial = enter(own.fd, program, 0);
    const [, words] = [trial.stdout.resume(), read(trial.stderr)];
    const [code] = await once(trial, 'close', { signal: AbortSignal.timeout(trialMs) });
    if (code !== refused) throw new Error(`nsenter: ${code} ${(await words).trim()}`);
  } finally {
    await own.close();
  }
}

async function read(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

function enter(network: number, program: string, port: number): Relay {
  return spawn('nsenter', ['--net=/proc/self/fd/3', '--', program, String(port)], {
    stdio: ['pipe', 'pipe', 'pipe', network],
    detached: true,
    env: { PATH: process.env.PATH },
  }) as unknown as Relay;
}

/** With the process that it has forked: it is a group of its own. Not for one that has ended. */
export function killRelay({ pid }: Relay): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
