import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

const venv = path.join(import.meta.dirname, '../../.cache/moto');
/** The release that this was tried with. */
const requirement = 'moto[server]==5.2.*';
const startTimeoutMs = 60_000;

/** Why there can be no moto here; undefined = it is installed now. */
export function whyNoMoto(): string | undefined {
  if (existsSync(path.join(venv, 'bin/moto_server'))) return undefined;
  try {
    mkdirSync(path.dirname(venv), { recursive: true });
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'pipe' });
    execFileSync(path.join(venv, 'bin/pip'), ['install', '-q', requirement], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `moto cannot be installed (python3 with venv, and PyPI, are needed): ${firstLine(error)}`;
  }
}

/** A moto server on a free port of loopback. */
export class MotoServer {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  static async start(): Promise<MotoServer> {
    const port = await freePort();
    const program = path.join(venv, 'bin/moto_server');
    const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    process.once('exit', () => child.kill());
    const server = new MotoServer(`http://127.0.0.1:${port}`, child);
    const giveUpAt = Date.now() + startTimeoutMs;
    while (!(await server.#answers())) {
      if (child.exitCode !== null || Date.now() > giveUpAt) {
        child.kill();
        throw new Error('moto does not answer');
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await server.#holdTasks();
    return server;
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await gone;
  }

  /** By itself a task of moto goes on to its next state each time it is looked at, until it has stopped. */
  async #holdTasks(): Promise<void> {
    const answer = await fetch(`${this.endpoint}/moto-api/state-manager/set-transition`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model_name: 'ecs::task',
        transition: { progression: 'manual', times: 1_000_000 },
      }),
      signal: AbortSignal.timeout(5000),
    });
    if (!answer.ok) throw new Error(`moto refuses to hold its tasks: ${answer.status}`);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.endpoint}/moto-api/data.json`, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
}
