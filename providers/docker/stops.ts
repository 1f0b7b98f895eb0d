import { readdir, readFile, rm } from 'node:fs/promises';
import type { ProviderClock } from '../contract/clock.ts';
import { delay } from '../contract/clock.ts';
import type { ProviderLog } from '../contract/provider.ts';
import type { Engine } from './engine/engine.ts';
import { hasStatus } from './engine/errors.ts';
import type { PodFolders } from './pod/pod-folder.ts';
import { messageOf } from './view/observer.ts';

const retryMs = 1_000;
const longestRetryMs = 30_000;
const longestSleepMs = 3_600_000;

export interface StopsDeps {
  readonly engine: Engine;
  readonly folders: PodFolders;
  readonly clock: ProviderClock;
  readonly log: ProviderLog;
}

interface Stop {
  readonly deadline: number;
  readonly controller: AbortController;
}

/**
 * Ends containers: their stop signal now, SIGKILL when their time is up. The deadline is on disk before the signal is
 * sent, so that a restarted daemon carries on; an engine that is away is asked until it answers.
 */
export class Stops {
  readonly #deps: StopsDeps;
  readonly #stops = new Map<string, Stop>();
  readonly #signalled = new Set<string>();
  readonly #end = new AbortController();

  constructor(deps: StopsDeps) {
    this.#deps = deps;
  }

  /** Resolves when the stop signal was delivered, or nothing runs. A deadline only ever comes nearer. */
  async stop(sandboxId: string, containerId: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const { engine, folders, clock } = this.#deps;
    const deadline = Math.min(
      clock.now() + graceMs,
      (await this.#deadline(sandboxId, containerId)) ?? Infinity,
    );
    try {
      const { State, Config } = await engine.inspect(containerId, signal);
      if (State.Pid === 0) return;
      await folders.write(sandboxId, file(containerId), String(deadline), 0o600);
      this.#schedule(sandboxId, containerId, deadline);
      if (this.#signalled.has(containerId)) return;
      await engine.kill(containerId, Config.StopSignal || 'SIGTERM', signal);
      this.#signalled.add(containerId);
    } catch (error) {
      // It ended meanwhile, or is no more.
      if (!hasStatus(error, 404, 409)) throw error;
    }
  }

  /** Takes up what an earlier daemon has begun. */
  async resume(sandboxIds: readonly string[]): Promise<void> {
    for (const sandboxId of sandboxIds) {
      const containerIds = await readdir(this.#deps.folders.at(sandboxId, 'stops')).catch(() => []);
      for (const containerId of containerIds) {
        const deadline = await this.#deadline(sandboxId, containerId);
        if (deadline !== undefined) this.#schedule(sandboxId, containerId, deadline);
      }
    }
  }

  /** It runs no more. */
  async forget(sandboxId: string, containerId: string): Promise<void> {
    this.#stops.get(containerId)?.controller.abort();
    this.#stops.delete(containerId);
    this.#signalled.delete(containerId);
    await rm(this.#deps.folders.at(sandboxId, file(containerId)), { force: true });
  }

  close(): void {
    this.#end.abort();
  }

  #schedule(sandboxId: string, containerId: string, deadline: number): void {
    const known = this.#stops.get(containerId);
    if (known !== undefined && known.deadline <= deadline) return;
    known?.controller.abort();
    const controller = new AbortController();
    this.#stops.set(containerId, { deadline, controller });
    void this.#killAt(
      sandboxId,
      containerId,
      deadline,
      AbortSignal.any([controller.signal, this.#end.signal]),
    );
  }

  async #killAt(
    sandboxId: string,
    containerId: string,
    deadline: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, clock, log } = this.#deps;
    while (clock.now() < deadline && !signal.aborted)
      await delay(clock, Math.min(longestSleepMs, deadline - clock.now()), signal);
    for (let wait = retryMs; !signal.aborted; wait = Math.min(longestRetryMs, wait * 2)) {
      try {
        await engine.kill(containerId, 'SIGKILL', signal);
        return await this.forget(sandboxId, containerId);
      } catch (error) {
        if (hasStatus(error, 404, 409)) return await this.forget(sandboxId, containerId);
        if (!signal.aborted)
          log.warn(
            { container: containerId, err: messageOf(error) },
            'a container could not be killed, will try again',
          );
      }
      await delay(clock, wait, signal);
    }
  }

  async #deadline(sandboxId: string, containerId: string): Promise<number | undefined> {
    const text = await readFile(this.#deps.folders.at(sandboxId, file(containerId)), 'utf8').catch(() => '');
    return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  }
}

function file(containerId: string): string {
  return `stops/${containerId}`;
}
