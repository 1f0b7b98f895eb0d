import type {
  ContainerRuntime,
  InstanceEvent,
  InstanceListener,
  InstanceRef,
  OwnerScope,
  ProbeOutcome,
  SandboxEvent,
  SandboxState,
} from '../../providers/contract/index.ts';
import { inScope, ProviderError } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './checks/checker.ts';
import { PodRunner } from './pod-runner.ts';
import { sharedCall } from './sharing.ts';

const listTimeoutMs = 60_000;
/** Removed sandboxes whose late snapshots are to be ignored. */
const maxRemoved = 4096;

export interface RunnerTableDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onProbe?: ((outcome: ProbeOutcome) => void) | undefined;
  /** Fires when the provider is closed. */
  readonly signal: AbortSignal;
}

/** Every sandbox that is known, each with its runner, kept true by the events and the lists of the runtime. */
export class RunnerTable {
  readonly #deps: RunnerTableDeps;
  readonly #runners = new Map<string, PodRunner>();
  readonly #listeners = new Set<{ readonly scope: OwnerScope; readonly listener: InstanceListener }>();
  readonly #removed = new Set<string>();
  /** For each list under way, what was dropped since it began: its answer may be older than that. */
  readonly #droppedMeanwhile = new Set<Set<string>>();
  readonly #sharedLists = new Map<string, () => Promise<void>>();

  constructor(deps: RunnerTableDeps) {
    this.#deps = deps;
  }

  get(ref: InstanceRef): PodRunner | undefined {
    const runner = this.#runners.get(ref.id);
    return runner?.owner.podUid === ref.podUid ? runner : undefined;
  }

  inScope(scope: OwnerScope): readonly PodRunner[] {
    return [...this.#runners.values()].filter((runner) => inScope(runner.owner, scope));
  }

  all(): readonly PodRunner[] {
    return [...this.#runners.values()];
  }

  listen(scope: OwnerScope, listener: InstanceListener): () => void {
    const entry = { scope, listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** The runner of a sandbox that the runtime has just named. */
  put(sandbox: SandboxState): PodRunner {
    this.#removed.delete(sandbox.id);
    const known = this.#runners.get(sandbox.id);
    if (known !== undefined) return known;
    const runner: PodRunner = new PodRunner(
      {
        ...this.#deps,
        publish: (instance) => this.#emit(runner, { type: 'changed', instance }),
        notify: (notice) => this.#emit(runner, { type: 'notice', ref: refOf(runner), notice }),
        refresh: () => this.#refreshShared(scopeOf(sandbox.owner)),
      },
      sandbox,
    );
    this.#runners.set(sandbox.id, runner);
    return runner;
  }

  /** The sandbox is gone for certain. */
  drop(id: string): void {
    const runner = this.#runners.get(id);
    if (runner !== undefined) this.#dropRunner(runner);
  }

  /** As {@link drop}, after the runner itself had the sandbox removed: snapshots from before may still arrive. */
  dropRemoved(runner: PodRunner): void {
    if (this.#runners.get(runner.id) !== runner) return;
    this.#removed.add(runner.id);
    for (const oldest of this.#removed) {
      if (this.#removed.size <= maxRemoved) break;
      this.#removed.delete(oldest);
    }
    this.#dropRunner(runner);
  }

  take(event: SandboxEvent): void {
    if (event.type === 'gone') {
      this.#removed.delete(event.sandboxId);
      this.drop(event.sandboxId);
    } else if (event.type === 'notice') {
      const runner = this.#runners.get(event.sandboxId);
      if (runner !== undefined)
        this.#emit(runner, { type: 'notice', ref: refOf(runner), notice: event.notice });
    } else if (!this.#removed.has(event.sandbox.id)) {
      const known = this.#runners.get(event.sandbox.id);
      if (known === undefined) this.put(event.sandbox);
      else known.observe(event.sandbox);
    }
  }

  /**
   * Lists the scope and takes the answer over where nothing newer was learned meanwhile. A sandbox that was known
   * before the call and is not in the answer is gone.
   */
  async refresh(scope: OwnerScope, signal: AbortSignal): Promise<void> {
    const before = new Map(this.inScope(scope).map((runner) => [runner, runner.revision]));
    const dropped = new Set<string>();
    this.#droppedMeanwhile.add(dropped);
    try {
      const sandboxes = await bounded(this.#deps.clock, listTimeoutMs, signal, (limit) =>
        this.#deps.runtime.list(scope, limit),
      );
      this.#takeList(
        sandboxes.filter(({ id }) => !dropped.has(id) && !this.#removed.has(id)),
        before,
      );
    } finally {
      this.#droppedMeanwhile.delete(dropped);
    }
  }

  #takeList(sandboxes: readonly SandboxState[], before: ReadonlyMap<PodRunner, number>): void {
    const listed = new Set<PodRunner>();
    for (const sandbox of sandboxes) {
      const runner = this.#runners.get(sandbox.id) ?? this.put(sandbox);
      listed.add(runner);
      if (before.get(runner) === runner.revision) runner.observe(sandbox);
    }
    for (const [runner, revision] of before)
      if (!listed.has(runner) && runner.revision === revision) this.#dropRunner(runner);
  }

  /** A list for a runner that must know how its sandbox stands; runners of one scope share it. */
  #refreshShared(scope: OwnerScope): Promise<void> {
    const key = scopeKey(scope);
    const share = this.#sharedLists.get(key) ?? sharedCall(() => this.refresh(scope, this.#deps.signal));
    this.#sharedLists.set(key, share);
    return share();
  }

  #dropRunner(runner: PodRunner): void {
    const { id } = runner;
    if (this.#runners.get(id) !== runner) return;
    this.#runners.delete(id);
    for (const dropped of this.#droppedMeanwhile) dropped.add(id);
    void runner.dispose();
    this.#emit(runner, { type: 'gone', ref: refOf(runner) });
  }

  #emit(runner: PodRunner, event: InstanceEvent): void {
    for (const { scope, listener } of this.#listeners) {
      if (!inScope(runner.owner, scope)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#deps.log.error({ err: messageOf(error) }, 'an instance listener failed');
      }
    }
  }
}

function refOf({ id, owner }: PodRunner): InstanceRef {
  return { id, podUid: owner.podUid };
}

export function scopeOf(owner: OwnerScope): OwnerScope {
  return { clusterUid: owner.clusterUid, node: owner.node };
}

export function scopeKey(scope: OwnerScope): string {
  return `${scope.clusterUid}/${scope.node}`;
}

export function notFound(ref: InstanceRef): ProviderError {
  return new ProviderError('NotFound', `no instance ${ref.id} of Pod ${ref.podUid}`);
}
