import type { TerminatedState } from '../instance.ts';
import type { ContainerSpec } from '../instance-spec.ts';
import type { LogEntry, LogQuery } from '../logs.ts';
import type { OwnerScope } from '../ownership.ts';
import type { Notice } from '../provider.ts';
import type { ContainerRuntime, RuntimeContainer, SandboxState } from '../runtime.ts';

const never: AbortSignal = new AbortController().signal;

/** A container runtime with what it tells of one scope, as tests of an adapter look at it. */
export class RuntimeHarness<Runtime extends ContainerRuntime = ContainerRuntime> {
  readonly runtime: Runtime;
  readonly scope: OwnerScope;
  readonly notices: Notice[] = [];
  readonly #deadlineMs: number;
  readonly #seen = new Map<string, SandboxState>();
  readonly #gone = new Set<string>();
  readonly #watch = new AbortController();
  readonly #watching: Promise<void>;
  readonly #looks = new Set<() => void>();

  /** `deadlineMs`: nothing that is waited for may take longer. */
  constructor(runtime: Runtime, scope: OwnerScope, deadlineMs: number) {
    this.runtime = runtime;
    this.scope = scope;
    this.#deadlineMs = deadlineMs;
    this.#watching = runtime.observe(
      scope,
      (event) => {
        if (event.type === 'changed') this.#seen.set(event.sandbox.id, event.sandbox);
        else if (event.type === 'gone') this.#gone.add(event.sandboxId);
        else this.notices.push(event.notice);
        for (const look of this.#looks) look();
      },
      this.#watch.signal,
    );
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
      const now = this.seen(sandbox)?.containers.find(({ id }) => id === container.id);
      return now?.state.kind === 'exited' ? now.state.result : undefined;
    });
  }

  gone(sandbox: SandboxState): Promise<true> {
    return this.until(`${sandbox.id} to be gone`, () => this.#gone.has(sandbox.id) || undefined);
  }

  /** What was told of it last. */
  seen(sandbox: Pick<SandboxState, 'id'>): SandboxState | undefined {
    return this.#seen.get(sandbox.id);
  }

  /** As {@link seen}, by the name of the Pod. */
  known(pod: string): SandboxState | undefined {
    return [...this.#seen.values()].find(({ owner }) => owner.name === pod);
  }

  /** Waits until a look, taken after each event, finds something. */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#looks.delete(lookOnce);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`waited in vain for ${what}`));
      }, this.#deadlineMs);
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

  /** The lines of a log, up to one that matches `last`, or to its end. */
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
    const signal = AbortSignal.timeout(this.#deadlineMs);
    return this.runtime.logs(sandbox.id, container.id, { follow: false, ...query }, signal);
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

export function text(entry: LogEntry): string {
  return Buffer.from(entry.data).toString();
}
