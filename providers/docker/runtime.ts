import { randomUUID } from 'node:crypto';
import type { Capabilities } from '../contract/capabilities.ts';
import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ContainerSpec, FileSpec, InstanceSpec } from '../contract/instance-spec.ts';
import type { LogEntry, LogQuery } from '../contract/logs.ts';
import type { OwnerScope } from '../contract/ownership.ts';
import type { Capacity, ProviderLog } from '../contract/provider.ts';
import type {
  ContainerRuntime,
  DiskQuestion,
  DiskUsage,
  RuntimeContainer,
  SandboxListener,
  SandboxState,
  SandboxStats,
} from '../contract/runtime.ts';
import type { ExecRequest, ForwardedConnection, ProcessStreams } from '../contract/streams.ts';
import { diskUsage } from './disk-usage.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus, telling } from './engine/errors.ts';
import type { ImageGarbageCollection } from './image/garbage-collection.ts';
import { readLog } from './logs.ts';
import type { Machine } from './machine.ts';
import type { Notices } from './notices.ts';
import { inScopeFilter, sandboxIdOf } from './pod/labels.ts';
import type { PodFolders } from './pod/pod-folder.ts';
import type { Volumes } from './pod/volumes.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { Starts } from './starts.ts';
import { measure } from './stats.ts';
import type { Stops } from './stops.ts';
import { attach } from './streams/attach.ts';
import { exec } from './streams/exec.ts';
import { forward } from './streams/forward.ts';
import type { Relays } from './streams/relays.ts';
import type { Tidying } from './tidying.ts';
import type { Containers, SeenSandbox } from './view/containers.ts';
import { Observer } from './view/observer.ts';
import { unlessAborted } from './waiting.ts';
import type { WorkInProgress } from './work-in-progress.ts';

/** The key of the work that makes a sandbox. */
const making = 'sandbox';

export interface DockerRuntimeDeps {
  readonly engine: Engine;
  readonly machine: Machine;
  readonly notices: Notices;
  readonly containers: Containers;
  readonly sandboxes: Sandboxes;
  readonly starts: Starts;
  readonly stops: Stops;
  readonly tidying: Tidying;
  /** Absent = images are kept. */
  readonly imageGarbageCollection?: ImageGarbageCollection;
  readonly volumes: Volumes;
  readonly folders: PodFolders;
  readonly relays: Relays;
  readonly work: WorkInProgress;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  readonly capabilities: Capabilities;
  readonly capacity: { readonly instances: number; readonly gpus: number };
  readonly remote: boolean;
}

/** Runs containers on a Docker engine, or on one that speaks its API. All that lasts is at the engine and on disk. */
export class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  readonly #deps: DockerRuntimeDeps;
  readonly #end = new AbortController();
  readonly #sessions = new Set<Promise<unknown>>();

  constructor(deps: DockerRuntimeDeps) {
    this.#deps = deps;
  }

  capabilities(): Capabilities {
    return this.#deps.capabilities;
  }

  async capacity(signal: AbortSignal): Promise<Capacity> {
    const { machine, capacity, folders, remote } = this.#deps;
    const { NCPU, MemTotal } = await telling('the capacity of the engine', () => machine.info(signal));
    const { instances, gpus } = capacity;
    return {
      instances,
      resources: {
        cpuMillis: NCPU * 1000,
        memoryBytes: MemTotal,
        ...(!remote && { ephemeralStorageBytes: await folders.diskBytes() }),
        ...(gpus > 0 && { extended: { 'nvidia.com/gpu': gpus } }),
      },
    };
  }

  async createSandbox(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<SandboxState> {
    const { sandboxes, work } = this.#deps;
    const id = sandboxIdOf(token);
    return this.#asked(signal, (limit) =>
      telling('the sandbox', () => work.run(id, making, limit, (until) => sandboxes.create(id, spec, until))),
    );
  }

  async startContainer(
    sandboxId: string,
    spec: ContainerSpec,
    run: number,
    signal: AbortSignal,
  ): Promise<RuntimeContainer> {
    const { starts, work } = this.#deps;
    return this.#asked(signal, (limit) =>
      telling(`container ${spec.name}`, () =>
        work.run(sandboxId, `${spec.name}/${run}`, limit, (until) =>
          starts.start(sandboxId, spec, run, until),
        ),
      ),
    );
  }

  async stopContainer(
    sandboxId: string,
    containerId: string,
    { gracePeriodSeconds }: { readonly gracePeriodSeconds: number },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#asked(signal, (limit) =>
      telling(`container ${containerId}`, () =>
        this.#deps.stops.stop(sandboxId, containerId, gracePeriodSeconds * 1000, limit),
      ),
    );
  }

  async removeContainer(sandboxId: string, containerId: string, signal: AbortSignal): Promise<void> {
    const { engine, stops } = this.#deps;
    await this.#asked(signal, (limit) =>
      telling(`container ${containerId}`, async () => {
        try {
          await engine.remove(containerId, { force: false }, limit);
        } catch (error) {
          if (!hasStatus(error, 404)) throw error;
        }
        await stops.forget(sandboxId, containerId);
      }),
    );
  }

  async removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    const { sandboxes, work } = this.#deps;
    signal.throwIfAborted();
    const removal = work.removal(sandboxId, () =>
      telling(`sandbox ${sandboxId}`, () => sandboxes.remove(sandboxId, this.#end.signal)),
    );
    await unlessAborted(removal, signal);
  }

  async updateVolume(
    sandboxId: string,
    volume: string,
    files: readonly FileSpec[],
    signal: AbortSignal,
  ): Promise<void> {
    const { folders, volumes, work } = this.#deps;
    const key = `update/${volume}/${randomUUID()}`;
    await work.run(sandboxId, key, signal, async () =>
      volumes.update(await folders.read(sandboxId), volume, files),
    );
  }

  async diskUsage(sandboxId: string, question: DiskQuestion, signal: AbortSignal): Promise<DiskUsage> {
    return this.#asked(signal, (limit) =>
      telling(`the disk usage of sandbox ${sandboxId}`, () =>
        diskUsage(this.#deps, sandboxId, question, limit),
      ),
    );
  }

  async list(scope: OwnerScope, signal: AbortSignal): Promise<readonly SandboxState[]> {
    const { containers } = this.#deps;
    return this.#asked(signal, async (limit) => {
      const seen = await telling('the containers of the engine', () =>
        containers.sandboxes(inScopeFilter(scope), limit),
      );
      return seen.filter((sandbox) => !this.#isUnfinished(sandbox)).map(({ state }) => state);
    });
  }

  async observe(scope: OwnerScope, listener: SandboxListener, signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#end.signal]);
    const deps = {
      ...this.#deps,
      isUnfinished: (sandbox: SeenSandbox) => this.#isUnfinished(sandbox),
      idle: (sandboxId: string) => this.#deps.work.idle(sandboxId),
      onList: (sandboxes: readonly SeenSandbox[]) => {
        void this.#deps.tidying.look(sandboxes);
        void this.#deps.imageGarbageCollection?.look();
      },
    };
    const unlisten = this.#deps.notices.listen(scope, listener);
    await new Observer(deps, scope, listener, until).run();
    unlisten();
    if (!signal.aborted) throw new ProviderError('Retryable', 'the docker runtime was closed');
  }

  async exec(
    _sandboxId: string,
    containerId: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    return this.#session(signal, `exec in container ${containerId}`, (limit) =>
      exec(this.#deps, containerId, request, streams, limit),
    );
  }

  async attach(
    _sandboxId: string,
    containerId: string,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#session(signal, `attach to container ${containerId}`, (limit) =>
      attach(this.#deps, containerId, streams, limit),
    );
  }

  async portForward(
    sandboxId: string,
    port: number,
    connection: ForwardedConnection,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#session(signal, `port ${port} of sandbox ${sandboxId}`, (limit) =>
      forward(this.#deps, sandboxId, port, connection, limit),
    );
  }

  logs(
    _sandboxId: string,
    containerId: string,
    query: Omit<LogQuery, 'container' | 'previous'>,
    signal: AbortSignal,
  ): AsyncIterable<LogEntry> {
    return readLog(this.#deps.engine, containerId, query, AbortSignal.any([signal, this.#end.signal]));
  }

  async stats(scope: OwnerScope, signal: AbortSignal): Promise<readonly SandboxStats[]> {
    const sandboxes = await this.list(scope, signal);
    return this.#asked(signal, (limit) =>
      telling('the statistics of the engine', () => measure(this.#deps.engine, sandboxes, limit)),
    );
  }

  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort(new ProviderError('Retryable', 'the docker runtime was closed'));
    this.#deps.stops.close();
    await Promise.allSettled([this.#deps.work.settled(), ...this.#sessions]);
    await this.#deps.engine.close();
  }

  async #asked<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, this.#end.signal]);
    either.throwIfAborted();
    return work(either);
  }

  /** Work with streams. It ends with the runtime, which waits for it: what it began at the engine is cleared away. */
  async #session<T>(
    signal: AbortSignal,
    doing: string,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const session = this.#asked(signal, (limit) => telling(doing, () => work(limit)));
    this.#sessions.add(session);
    return session.finally(() => this.#sessions.delete(session));
  }

  /**
   * Being made at this moment: whoever makes it will say how it came out. One that a crash has left half made is not:
   * it was told of, and what is started in it now completes it.
   */
  #isUnfinished({ state, status }: SeenSandbox): boolean {
    return status !== 'running' && state.containers.length === 0 && this.#deps.work.has(state.id, making);
  }
}
