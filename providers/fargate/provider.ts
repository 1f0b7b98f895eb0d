import type {
  Capabilities,
  Capacity,
  ExecRequest,
  Instance,
  InstanceListener,
  InstanceProvider,
  InstanceRef,
  InstanceSpec,
  LogEntry,
  LogQuery,
  Machine,
  Offer,
  OwnerScope,
  ProcessStreams,
  StopOptions,
} from '../contract/index.ts';
import { fargateCapabilities } from './capabilities.ts';
import type { Creates } from './creates.ts';
import type { Definitions } from './definitions.ts';
import type { Ends } from './ends.ts';
import type { Forgotten } from './forgotten.ts';
import { machinesIn } from './machines.ts';
import { offersOf } from './offers.ts';
import type { FargateOptions } from './options.ts';
import type { SecretSweep } from './secrets/secret-sweep.ts';
import { sizingRules } from './sizes.ts';
import type { TaskExec } from './task-exec.ts';
import type { TaskLogs } from './task-logs.ts';
import type { TaskTable } from './task-table.ts';
import type { Tasks } from './tasks.ts';
import type { Watch } from './watch.ts';

export interface FargateProviderDeps {
  readonly options: FargateOptions;
  readonly creates: Creates;
  readonly ends: Ends;
  readonly tasks: Tasks;
  readonly table: TaskTable;
  readonly watch: Watch;
  readonly definitions: Definitions;
  readonly forgotten: Forgotten;
  readonly exec: TaskExec;
  /** Absent = logs are not kept. */
  readonly logs?: TaskLogs;
  /** Listens to the queue of changes until the signal fires. */
  readonly listen?: (signal: AbortSignal) => Promise<void>;
  /** Present when secrets are stored. */
  readonly secretSweep?: SecretSweep;
  /** Ends the connections. */
  disconnect(): void;
}

/** The most memory that Fargate sells with a vCPU, and what storage comes with each task. */
const [gibPerVcpu, storageGibPerTask, gib] = [8, 20, 1024 ** 3];

/** Pods as tasks of ECS on Fargate. */
export class FargateProvider implements InstanceProvider {
  readonly name = 'fargate';
  readonly sizing = sizingRules;
  readonly logs?: InstanceProvider['logs'] & {};
  readonly #deps: FargateProviderDeps;
  readonly #capabilities: Capabilities;
  readonly #offers: readonly Offer[];
  readonly #closed = new AbortController();
  readonly #listening: Promise<void>;

  constructor(deps: FargateProviderDeps) {
    this.#deps = deps;
    this.#capabilities = fargateCapabilities(deps.options);
    this.#offers = offersOf(deps.options);
    this.#listening = deps.listen?.(this.#closed.signal) ?? Promise.resolve();
    const { logs } = deps;
    if (logs !== undefined)
      this.logs = (ref: InstanceRef, query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry> =>
        logs.read(ref, query, signal);
  }

  capabilities(): Capabilities {
    return this.#capabilities;
  }

  async capacity(): Promise<Capacity> {
    const { instances, vcpus } = this.#deps.options;
    return {
      instances,
      resources: {
        cpuMillis: vcpus * 1000,
        memoryBytes: vcpus * gibPerVcpu * gib,
        ephemeralStorageBytes: instances * storageGibPerTask * gib,
      },
    };
  }

  offers(): readonly Offer[] {
    return this.#offers;
  }

  machines(): readonly Machine[] {
    return machinesIn(this.#deps.options.region);
  }

  async create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    const instance = await this.#deps.creates.create(spec, token, signal);
    this.#deps.watch.nudge();
    return instance;
  }

  async stop(ref: InstanceRef, _options: StopOptions, signal: AbortSignal): Promise<void> {
    await this.#deps.ends.stop(ref, signal);
    this.#deps.watch.nudge(ref.id);
  }

  delete(ref: InstanceRef, signal: AbortSignal): Promise<void> {
    return this.#deps.ends.delete(ref, signal);
  }

  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#deps.tasks.list(scope, signal);
  }

  async observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    const { secretSweep, watch } = this.#deps;
    const ended = new AbortController();
    const swept = secretSweep?.run(scope, AbortSignal.any([signal, ended.signal]));
    try {
      await watch.observe(scope, listener, signal);
    } finally {
      ended.abort();
      await swept;
    }
  }

  exec(
    ref: InstanceRef,
    container: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    return this.#deps.exec.run(ref, container, request, streams, either);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([this.#listening, this.#deps.definitions.close(), this.#deps.forgotten.close()]);
    this.#deps.disconnect();
  }
}
