import { createHash, randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Capabilities } from '../contract/capabilities.ts';
import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ContainerSpec, InstanceSpec } from '../contract/instance-spec.ts';
import type { LogEntry, LogQuery } from '../contract/logs.ts';
import type { OwnerScope } from '../contract/ownership.ts';
import { inScope } from '../contract/ownership.ts';
import { withPodIps } from '../contract/pod-ips.ts';
import type { Capacity, ProviderLog } from '../contract/provider.ts';
import type {
  ContainerRuntime,
  RuntimeContainer,
  SandboxListener,
  SandboxState,
  SandboxStats,
} from '../contract/runtime.ts';
import type { ExecRequest, ForwardedConnection, ProcessStreams } from '../contract/streams.ts';
import { capabilitiesWithoutTerminal, processCapabilities } from './capabilities.ts';
import { readContainerLog } from './container-log.ts';
import { forwardPort } from './port-forward.ts';
import type { ProcessTable } from './process-table.ts';
import type { StartParams } from './protocol.ts';
import type { SandboxRecord, StateRecord } from './records.ts';
import { isMissing } from './records.ts';
import { SandboxLink } from './sandbox-link.ts';
import { SandboxObservers } from './sandbox-observers.ts';
import { removeSandboxFolder } from './sandbox-removal.ts';
import { toContainer, toSandboxState } from './sandbox-state.ts';
import type { SandboxStore } from './sandbox-store.ts';
import { runSession } from './session.ts';
import type { SessionRequest, StreamName } from './session-protocol.ts';
import type { ShimLauncher } from './shim-launcher.ts';
import { stateOnDisk } from './state-on-disk.ts';
import { measure } from './usage.ts';

export interface ProcessRuntimeDeps {
  readonly store: SandboxStore;
  readonly launcher: ShimLauncher;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  readonly limits: ProcessLimits;
  /** The machine can make terminals. */
  readonly hasTerminals: boolean;
}

export interface ProcessLimits {
  /** Sandboxes at the same time, as told by `capacity`. */
  readonly instances: number;
  /** A log segment is closed before it grows beyond this. */
  readonly logMaxBytes: number;
  /** Segments kept per run, the current one included. */
  readonly logMaxFiles: number;
}

/** Runs containers as process groups of this machine. All that lasts is in the shims and in the folders of the store. */
export class ProcessRuntime implements ContainerRuntime {
  readonly name = 'process';
  readonly #deps: ProcessRuntimeDeps;
  readonly #links = new Map<string, SandboxLink>();
  readonly #observers: SandboxObservers;
  readonly #removals = new Map<string, Promise<void>>();
  readonly #end = new AbortController();

  constructor(deps: ProcessRuntimeDeps) {
    this.#deps = deps;
    this.#observers = new SandboxObservers(deps.log);
  }

  capabilities(): Capabilities {
    return this.#deps.hasTerminals ? processCapabilities : capabilitiesWithoutTerminal;
  }

  async capacity(): Promise<Capacity> {
    const { store, limits } = this.#deps;
    const { blocks, bsize } = await statfs(store.folder('.'));
    // 0 or more than there is: no limit is set on this process.
    const memoryLimit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
    return {
      instances: limits.instances,
      resources: {
        cpuMillis: availableParallelism() * 1_000,
        memoryBytes: Math.min(totalmem(), memoryLimit),
        ephemeralStorageBytes: blocks * bsize,
      },
    };
  }

  async createSandbox(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<SandboxState> {
    const { store, clock, limits } = this.#deps;
    const id = createHash('sha256').update(token).digest('hex').slice(0, 32);
    await store.create({
      version: 1,
      id,
      owner: spec.owner,
      mark: randomBytes(8).toString('hex'),
      createdAt: new Date(clock.now()).toISOString(),
      hostname: spec.hostname,
      logMaxBytes: limits.logMaxBytes,
      logMaxFiles: limits.logMaxFiles,
    });
    const record = await store.read(id);
    if (record === undefined || store.isBeingRemoved(id))
      throw new ProviderError('Retryable', `sandbox ${id} is being removed`);
    if (record.owner.podUid !== spec.owner.podUid)
      throw new ProviderError(
        'InvalidSpec',
        `the token belongs to the sandbox of Pod ${record.owner.podUid}`,
      );
    return toSandboxState(record, await this.#link(record).state(signal));
  }

  async startContainer(
    sandboxId: string,
    spec: ContainerSpec,
    run: number,
    signal: AbortSignal,
  ): Promise<RuntimeContainer> {
    const link = await this.#linkOf(sandboxId);
    const { ips } = await link.state(signal);
    const record = await link.request('start', startParams(withPodIps(spec, ips), run), signal);
    const container = toContainer(record);
    if (container === undefined) throw new ProviderError('Retryable', `${record.id} is still being started`);
    return container;
  }

  async stopContainer(
    sandboxId: string,
    containerId: string,
    options: { readonly gracePeriodSeconds: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { gracePeriodSeconds } = options;
    await unlessGone(async () => {
      const link = await this.#linkOf(sandboxId);
      await link.request('stop', { containerId, gracePeriodSeconds }, signal);
    });
  }

  async removeContainer(sandboxId: string, containerId: string, signal: AbortSignal): Promise<void> {
    await unlessGone(async () => {
      const link = await this.#linkOf(sandboxId);
      await link.request('remove', { containerId }, signal);
    });
  }

  async removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    let removal = this.#removals.get(sandboxId);
    if (removal === undefined) {
      removal = this.#remove(sandboxId).finally(() => this.#removals.delete(sandboxId));
      this.#removals.set(sandboxId, removal);
    }
    await unlessAborted(removal, signal);
  }

  async list(scope: OwnerScope): Promise<readonly SandboxState[]> {
    const known = await this.#known(scope);
    return known.map(({ record, state }) => toSandboxState(record, state));
  }

  async observe(scope: OwnerScope, listener: SandboxListener, signal: AbortSignal): Promise<void> {
    const { store } = this.#deps;
    const until = AbortSignal.any([signal, this.#end.signal]);
    const observer = this.#observers.add(scope, listener);
    try {
      for (const { record, liveState } of this.#links.values())
        if (liveState !== undefined) this.#observers.catchUp(observer, record, liveState);
      for (const record of await store.readAll()) {
        if (until.aborted) break;
        if (!inScope(record.owner, scope)) continue;
        if (store.isBeingRemoved(record.id)) this.#goOnRemoving(record.id);
        else this.#link(record);
      }
      if (!until.aborted)
        await new Promise<void>((resolve) =>
          until.addEventListener('abort', () => resolve(), { once: true }),
        );
    } finally {
      this.#observers.remove(observer);
    }
    if (!signal.aborted) throw new ProviderError('Retryable', 'the process runtime was closed');
  }

  async exec(
    sandboxId: string,
    containerId: string,
    { command, tty }: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    const request = { exec: { argv: command, tty }, containerId, streams: namesOf(streams) };
    return this.#session(sandboxId, request, streams, signal);
  }

  async attach(
    sandboxId: string,
    containerId: string,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#session(sandboxId, { containerId, streams: namesOf(streams) }, streams, signal);
  }

  async portForward(
    sandboxId: string,
    port: number,
    connection: ForwardedConnection,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const link = await this.#linkOf(sandboxId);
      await this.#untilClosed(signal, async (limit) => {
        const addresses = await link.request('listeners', { port }, limit);
        await forwardPort(addresses, port, connection, limit);
      });
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  logs(
    sandboxId: string,
    containerId: string,
    query: Omit<LogQuery, 'container' | 'previous'>,
    signal: AbortSignal,
  ): AsyncIterable<LogEntry> {
    return readContainerLog(this.#deps.store, sandboxId, containerId, query, signal);
  }

  async stats(scope: OwnerScope): Promise<readonly SandboxStats[]> {
    const { store, table, clock } = this.#deps;
    const known = await this.#known(scope);
    const processes = table.list();
    const time = new Date(clock.now()).toISOString();
    return known.map(({ record, state }) => ({
      sandboxId: record.id,
      podUid: record.owner.podUid,
      containers: measure(store.folder(record.id), state.containers, processes, table, time),
    }));
  }

  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
    await Promise.allSettled(this.#removals.values());
    this.#links.clear();
    this.#deps.store.close();
  }

  async #session(
    sandboxId: string,
    request: SessionRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    const link = await this.#linkOf(sandboxId);
    return this.#untilClosed(signal, async (limit) => {
      const connection = await link.openSession(request, limit);
      return runSession(connection, streams, this.#deps.clock, limit);
    });
  }

  /** What cannot outlive this runtime ends with it. */
  async #untilClosed<T>(signal: AbortSignal, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const end = this.#end.signal;
    try {
      return await work(AbortSignal.any([signal, end]));
    } catch (error) {
      if (signal.aborted || !end.aborted) throw error;
      throw new ProviderError('Retryable', 'the process runtime was closed', { cause: error });
    }
  }

  /** Every sandbox of the scope with what is known of it now: by its shim, or by what that has left on disk. */
  async #known(scope: OwnerScope): Promise<{ record: SandboxRecord; state: StateRecord }[]> {
    const records = (await this.#deps.store.readAll()).filter((record) => inScope(record.owner, scope));
    const states = await Promise.all(
      records.map(async (record) => ({
        record,
        state: this.#links.get(record.id)?.liveState ?? (await stateOnDisk(record, this.#deps)),
      })),
    );
    return states.flatMap(({ record, state }) => (state === undefined ? [] : { record, state }));
  }

  async #linkOf(sandboxId: string): Promise<SandboxLink> {
    const { store } = this.#deps;
    const existing = this.#links.get(sandboxId);
    if (existing !== undefined) return existing;
    const record = await store.read(sandboxId);
    if (record === undefined || store.isBeingRemoved(sandboxId))
      throw new ProviderError('NotFound', `there is no sandbox ${sandboxId}`);
    return this.#link(record);
  }

  #link(record: SandboxRecord): SandboxLink {
    if (this.#end.signal.aborted) throw new ProviderError('Retryable', 'the process runtime was closed');
    const existing = this.#links.get(record.id);
    if (existing?.record.mark === record.mark) return existing;
    const link: SandboxLink = new SandboxLink(record, {
      ...this.#deps,
      onState: (state) => this.#observers.changed(record, state),
      onUnsupervised: () => {
        stateOnDisk(record, this.#deps)
          .then((state) => state !== undefined && this.#observers.changed(record, state))
          .catch((error: unknown) =>
            this.#deps.log.warn({ sandbox: record.id, err: error }, 'state not read'),
          );
      },
      onGone: () => {
        if (this.#links.get(record.id) === link) this.#links.delete(record.id);
        this.#observers.gone(record);
      },
    });
    this.#links.set(record.id, link);
    link.open();
    return link;
  }

  async #remove(sandboxId: string): Promise<void> {
    const { store } = this.#deps;
    const record = await store.read(sandboxId);
    if (record === undefined) return;
    await unlessGone(async () => {
      store.beginRemoval(sandboxId);
      const link = this.#links.get(sandboxId);
      this.#links.delete(sandboxId);
      await link?.close();
      await removeSandboxFolder(record, this.#deps);
    });
    this.#observers.gone(record);
  }

  /** A removal that a crash had interrupted. */
  #goOnRemoving(sandboxId: string): void {
    this.removeSandbox(sandboxId, this.#end.signal).catch((error: unknown) =>
      this.#deps.log.warn({ sandbox: sandboxId, err: error }, 'could not finish the removal'),
    );
  }
}

function startParams(spec: ContainerSpec, run: number): StartParams {
  return {
    name: spec.name,
    run,
    image: spec.image,
    argv: spec.command === undefined ? [] : [...spec.command, ...(spec.args ?? [])],
    workingDir: spec.workingDir ?? '',
    env: spec.env.map(({ name, value }) => [name, value] as const),
    stdin: spec.stdin,
    stdinOnce: spec.stdinOnce,
    tty: spec.tty,
  };
}

function namesOf(streams: ProcessStreams): StreamName[] {
  return (['stdin', 'stdout', 'stderr'] as const).filter((name) => streams[name] !== undefined);
}

/** What is not there (any more) needs no further work. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isMissing(error) || (error instanceof ProviderError && error.kind === 'NotFound')) return;
    throw error;
  }
}

/** The caller stops waiting; the work goes on. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
