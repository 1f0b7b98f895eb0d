import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import type { ContainerSpec, InstanceSpec } from '../../contract/instance-spec.ts';
import type { LogEntry, LogQuery } from '../../contract/logs.ts';
import type { OwnerScope } from '../../contract/ownership.ts';
import type { ProviderLog } from '../../contract/provider.ts';
import type { ContainerRuntime, RuntimeContainer, SandboxState } from '../../contract/runtime.ts';
import { createProcessRuntime } from '../create-runtime.ts';
import { isMarkedBy, markerIn } from '../marker.ts';
import { createProcessTable } from '../process-table.ts';
import type { ProcessLimits } from '../runtime.ts';
import { Sink } from './streams.ts';

const silent: ProviderLog = { debug() {}, info() {}, warn() {}, error() {} };
export const never: AbortSignal = new AbortController().signal;

const deadlineMs = 15_000;

/** A runtime on a state folder, with what it tells; the folder may be shared with others, each with its own scope. */
export class Harness {
  readonly scope: OwnerScope;
  readonly runtime: ContainerRuntime & Required<Pick<ContainerRuntime, 'exec' | 'attach' | 'portForward'>>;
  readonly #seen = new Map<string, SandboxState>();
  readonly #gone = new Set<string>();
  readonly #watch = new AbortController();
  readonly #watching: Promise<void>;
  #look = (): void => {};

  constructor(stateDir: string, node: string, limits: Partial<ProcessLimits> = {}) {
    this.scope = { clusterUid: 'test-cluster', node };
    this.runtime = createProcessRuntime({ stateDir, log: silent, ...limits });
    this.#watching = this.runtime.observe(
      this.scope,
      (event) => {
        if (event.type === 'changed') this.#seen.set(event.sandbox.id, event.sandbox);
        else this.#gone.add(event.sandboxId);
        this.#look();
      },
      this.#watch.signal,
    );
  }

  spec(pod: string): InstanceSpec {
    const owner = { ...this.scope, namespace: 'default', name: pod, podUid: `uid-${pod}`, attempt: 0 };
    return plainSpec(owner, [], { restartPolicy: 'Never' });
  }

  /** The same name gives the same sandbox. */
  sandbox(pod: string): Promise<SandboxState> {
    return this.runtime.createSandbox(this.spec(pod), `${this.scope.node}/${pod}`, never);
  }

  start(sandbox: SandboxState, container: ContainerSpec, run = 0): Promise<RuntimeContainer> {
    return this.runtime.startContainer(sandbox.id, container, run, never);
  }

  stop(sandbox: SandboxState, container: RuntimeContainer, gracePeriodSeconds: number): Promise<void> {
    return this.runtime.stopContainer(sandbox.id, container.id, { gracePeriodSeconds }, never);
  }

  /** Waits until a run is told to have ended. */
  async exit(sandbox: SandboxState, container: RuntimeContainer) {
    return this.until(`${container.id} to end`, () => {
      const now = this.#seen.get(sandbox.id)?.containers.find(({ id }) => id === container.id);
      return now?.state.kind === 'exited' ? now.state.result : undefined;
    });
  }

  gone(sandbox: SandboxState): Promise<true> {
    return this.until(`${sandbox.id} to be gone`, () => this.#gone.has(sandbox.id) || undefined);
  }

  /** Waits until a look, taken after each event, finds something. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), deadlineMs);
      this.#look = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      this.#look();
    });
  }

  /** Reads the log until a line matches, or to its end; returns the lines. */
  async log(
    sandbox: SandboxState,
    container: RuntimeContainer,
    query: Partial<LogQuery> = {},
    last?: RegExp,
  ): Promise<string[]> {
    const lines: string[] = [];
    for await (const entry of this.entries(sandbox, container, query)) {
      lines.push(text(entry));
      if (last?.test(text(entry))) break;
    }
    return lines;
  }

  entries(
    sandbox: SandboxState,
    container: RuntimeContainer,
    query: Partial<LogQuery> = {},
  ): AsyncIterable<LogEntry> {
    const signal = AbortSignal.timeout(deadlineMs);
    return this.runtime.logs(sandbox.id, container.id, { follow: true, ...query }, signal);
  }

  /** Runs a command to its end. */
  async exec(sandbox: SandboxState, container: RuntimeContainer, command: readonly string[]) {
    const sink = new Sink();
    const streams = { stdout: sink, stderr: sink };
    const exitCode = await this.runtime.exec(
      sandbox.id,
      container.id,
      { command, tty: false },
      streams,
      never,
    );
    return { exitCode, output: sink.text };
  }

  /** Ends this runtime; what runs goes on. */
  async close(): Promise<void> {
    this.#watch.abort();
    await this.#watching;
    await this.runtime.close?.();
  }

  async removeAll(): Promise<void> {
    for (const { id } of await this.runtime.list(this.scope, never))
      await this.runtime.removeSandbox(id, never);
  }
}

export function shell(name: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return command(name, ['sh', '-c', script], more);
}

export function command(
  name: string,
  argv: readonly string[],
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  return plainContainer(name, 'burstlet.dev/host', { command: argv, ...more });
}

export function text(entry: LogEntry): string {
  return Buffer.from(entry.data).toString();
}

/** A state folder for the tests of one file: its shims share compiled code, and start the faster. */
export function temporaryState(): { readonly folder: string; remove(): Promise<void> } {
  const folder = mkdtempSync(path.join(tmpdir(), 'burstlet-process-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const table = createProcessTable();

/** Pids of everything that carries the mark of a sandbox, its shim included. */
export function markedProcesses(mark: string): number[] {
  return table
    .list()
    .filter((entry) => !entry.ended)
    .filter((entry) => isMarkedBy(markerIn(table.environment(entry.id.pid)) ?? '', mark))
    .map((entry) => entry.id.pid);
}
