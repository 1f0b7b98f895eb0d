import type { ProviderClock } from '../contract/clock.ts';
import type { ProviderLog } from '../contract/provider.ts';
import type { Engine } from './engine/engine.ts';
import { unlessGone } from './engine/errors.ts';
import type { Machine } from './machine.ts';
import { anySandboxFilter, readLabels } from './pod/labels.ts';
import type { PodFolders } from './pod/pod-folder.ts';
import type { Sandboxes } from './sandboxes.ts';
import type { Stops } from './stops.ts';
import type { SeenSandbox } from './view/containers.ts';
import { messageOf } from './view/observer.ts';

/** A folder is made a moment before its sandbox. One this old without a sandbox was left by a crash. */
const leftoverMs = 600_000;
const sweepTimeoutMs = 60_000;

export interface TidyingDeps {
  readonly engine: Engine;
  readonly machine: Machine;
  readonly folders: PodFolders;
  readonly sandboxes: Sandboxes;
  readonly stops: Stops;
  readonly clock: ProviderClock;
  readonly log: ProviderLog;
}

/** What is looked after with every whole list of a scope. */
export class Tidying {
  readonly #deps: TidyingDeps;
  /** Sandboxes that did not run when they were listed last, though containers in them did. */
  #asleep: ReadonlySet<string> = new Set();
  #swept: Promise<void> | undefined;

  constructor(deps: TidyingDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async look(sandboxes: readonly SeenSandbox[]): Promise<void> {
    try {
      this.#swept ??= this.#sweep();
      await this.#swept;
      await this.#deps.stops.resume(sandboxes.map(({ state }) => state.id));
      await this.#removeReplaced(sandboxes);
      await this.#endStranded(sandboxes);
    } catch (error) {
      this.#swept = undefined;
      this.#deps.log.warn(
        { err: messageOf(error) },
        'leftovers at the container engine could not be looked after',
      );
    }
  }

  /** Containers of sandboxes that were set aside for another and never ran. */
  async #removeReplaced(sandboxes: readonly SeenSandbox[]): Promise<void> {
    for (const id of sandboxes.flatMap(({ replaced }) => replaced))
      await unlessGone(this.#deps.engine.remove(id, { force: true }, AbortSignal.timeout(sweepTimeoutMs)));
  }

  /**
   * Ends containers whose sandbox has ended under them: their network went with it. They are started again in a
   * sandbox that runs, as the kubelet does when a sandbox has changed.
   */
  async #endStranded(sandboxes: readonly SeenSandbox[]): Promise<void> {
    const asleep = new Set<string>();
    for (const { state, status } of sandboxes) {
      const running = state.containers.filter((run) => run.state.kind === 'running');
      if (status === 'running' || running.length === 0) continue;
      asleep.add(state.id);
      // Once may be an engine that is just being stopped.
      if (!this.#asleep.has(state.id)) continue;
      for (const { id, name } of running) {
        this.#deps.log.warn({ sandbox: state.id, container: name }, 'ended: its sandbox runs no more');
        await this.#deps.stops.stop(state.id, id, 0, AbortSignal.timeout(sweepTimeoutMs));
      }
    }
    this.#asleep = asleep;
  }

  /** Removes folders and volumes of sandboxes that never came to be. */
  async #sweep(): Promise<void> {
    const { engine, machine, folders, sandboxes, clock } = this.#deps;
    const signal = AbortSignal.timeout(sweepTimeoutMs);
    const old = (await folders.all()).filter(({ changedAt }) => clock.now() - changedAt > leftoverMs);
    if (old.length === 0) return;
    const identity = await machine.identity(signal);
    const listed = await engine.containers(anySandboxFilter, signal);
    const there = new Set(listed.map(({ Labels }) => readLabels(Labels)?.sandboxId));
    for (const { sandboxId } of old) {
      const record = await folders.read(sandboxId).catch(() => undefined);
      const isElsewhere = record !== undefined && record.engine !== identity;
      if (!there.has(sandboxId) && !isElsewhere) await sandboxes.remove(sandboxId, signal);
    }
  }
}
