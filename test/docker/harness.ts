import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { plainContainer, plainSpec } from '../../providers/contract/conformance/plain-spec.ts';
import type {
  ContainerRuntime,
  ContainerSpec,
  InstanceSpec,
  LogEntry,
  LogQuery,
  Notice,
  OwnerScope,
  ProviderClock,
  RuntimeContainer,
  SandboxState,
  TerminatedState,
} from '../../providers/contract/index.ts';
import { wallClock } from '../../providers/contract/index.ts';
import { createDockerRuntime } from '../../providers/docker/index.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { busyboxImage } from './image.ts';

export const never: AbortSignal = new AbortController().signal;
const deadlineMs = 30_000;

/** A docker runtime with what it tells. The state folder may be one that an earlier one has left. */
export class Harness {
  readonly stateDir: string;
  readonly scope: OwnerScope;
  readonly runtime: ContainerRuntime;
  readonly #seen = new Map<string, SandboxState>();
  readonly notices: Notice[] = [];
  readonly #gone = new Set<string>();
  readonly #watch = new AbortController();
  readonly #watching: Promise<void>;
  readonly #looks = new Set<() => void>();

  constructor(
    node: string,
    options: Readonly<Record<string, unknown>> = {},
    stateDir = temporaryState(),
    clock: ProviderClock = wallClock,
  ) {
    this.stateDir = stateDir;
    this.scope = { clusterUid: 'test-cluster', node };
    this.runtime = createDockerRuntime({ options, log: silentLog, stateDir }, { clock });
    this.#watching = this.runtime.observe(
      this.scope,
      (event) => {
        if (event.type === 'changed') this.#seen.set(event.sandbox.id, event.sandbox);
        else if (event.type === 'gone') this.#gone.add(event.sandboxId);
        else this.notices.push(event.notice);
        for (const look of this.#looks) look();
      },
      this.#watch.signal,
    );
  }

  spec(pod: string, more: Partial<InstanceSpec> = {}): InstanceSpec {
    const owner = { ...this.scope, namespace: 'suite', name: pod, podUid: `uid-${pod}`, attempt: 0 };
    return plainSpec(owner, [], { restartPolicy: 'Never', ...more });
  }

  /** The same name gives the same sandbox. */
  sandbox(pod: string, more: Partial<InstanceSpec> = {}): Promise<SandboxState> {
    return this.runtime.createSandbox(this.spec(pod, more), `${this.scope.node}/${pod}`, never);
  }

  start(sandbox: SandboxState, container: ContainerSpec, run = 0): Promise<RuntimeContainer> {
    return this.runtime.startContainer(sandbox.id, container, run, never);
  }

  stop(sandbox: SandboxState, container: RuntimeContainer, gracePeriodSeconds: number): Promise<void> {
    return this.runtime.stopContainer(sandbox.id, container.id, { gracePeriodSeconds }, never);
  }

  /** Waits until a run is told to have ended. */
  exit(sandbox: SandboxState, container: RuntimeContainer): Promise<TerminatedState> {
    return this.until(`${container.name} to end`, () => {
      const now = this.#seen.get(sandbox.id)?.containers.find(({ id }) => id === container.id);
      return now?.state.kind === 'exited' ? now.state.result : undefined;
    });
  }

  /** Starts a shell, waits for its end, and returns what it printed. */
  async output(sandbox: SandboxState, container: ContainerSpec): Promise<string> {
    const run = await this.start(sandbox, container);
    if (run.state.kind === 'exited' && run.state.result.reason === 'StartError')
      throw new Error(run.state.result.message);
    await this.exit(sandbox, run);
    return (await this.log(sandbox, run)).join('\n');
  }

  gone(sandbox: SandboxState): Promise<true> {
    return this.until(`${sandbox.id} to be gone`, () => this.#gone.has(sandbox.id) || undefined);
  }

  seen(sandbox: SandboxState): SandboxState | undefined {
    return this.#seen.get(sandbox.id);
  }

  /** Waits until a look, taken after each event, finds something. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#looks.delete(lookOnce);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`waited in vain for ${what}`));
      }, deadlineMs);
      const lookOnce = (): void => {
        const found = look();
        if (found === undefined) return;
        finish();
        resolve(found);
      };
      this.#looks.add(lookOnce);
      lookOnce();
    });
  }

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
    return this.runtime.logs(
      sandbox.id,
      container.id,
      { follow: false, ...query },
      AbortSignal.timeout(deadlineMs),
    );
  }

  async exec(
    sandbox: SandboxState,
    container: RuntimeContainer,
    command: readonly string[],
    timeoutMs = 10_000,
  ) {
    const options = { timeoutMs, maxOutputBytes: 1_000 };
    const { output, ...rest } = await this.runtime.execSync(
      sandbox.id,
      container.id,
      command,
      options,
      never,
    );
    return { ...rest, output: Buffer.from(output).toString() };
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

  /** Removes everything, closes, and takes the state folder away. */
  async end(): Promise<void> {
    await this.removeAll();
    await this.close();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

export function temporaryState(): string {
  return mkdtempSync(path.join(tmpdir(), 'burstlet-docker-'));
}

export function shell(name: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return container(name, { command: ['/bin/sh', '-c', script], ...more });
}

export function container(name: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return plainContainer(name, busyboxImage, more);
}

export function text(entry: LogEntry): string {
  return Buffer.from(entry.data).toString();
}

export const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';
