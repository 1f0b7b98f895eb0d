import { isDeepStrictEqual } from 'node:util';
import type { ProviderClock } from '../../contract/clock.ts';
import { delay } from '../../contract/clock.ts';
import type { OwnerScope } from '../../contract/ownership.ts';
import { inScope } from '../../contract/ownership.ts';
import type { ProviderLog } from '../../contract/provider.ts';
import type { SandboxListener, SandboxState } from '../../contract/runtime.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent, Filters } from '../engine/shapes.ts';
import { inSandboxFilter, inScopeFilter, readLabels } from '../pod/labels.ts';
import type { Containers, SeenSandbox } from './containers.ts';

/** A list now and then finds what no event has told. */
const relistMs = 60_000;
/** As often as a kubelet looks (its PLEG lists every second). */
const calmMs = 1_000;
const firstRetryMs = 250;
const longestRetryMs = 10_000;

export interface ObserverDeps {
  readonly engine: Engine;
  readonly containers: Containers;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  /** True while it is not yet what it shall be: more will happen to it soon. */
  readonly isUnfinished: (sandbox: SeenSandbox) => boolean;
  /** Resolves when nothing is being done in it. */
  readonly idle: (sandboxId: string) => Promise<void>;
  /** Called with every whole list of the scope. */
  readonly onList: (sandboxes: readonly SeenSandbox[]) => void;
}

/**
 * Tells of every change in one scope. Events only say where to look; what is told is what a look finds. One look per
 * sandbox at a time, and one more when something has happened meanwhile, so that states of one sandbox stay in order.
 */
export class Observer {
  readonly #deps: ObserverDeps;
  readonly #scope: OwnerScope;
  readonly #listener: SandboxListener;
  readonly #signal: AbortSignal;
  readonly #told = new Map<string, SandboxState>();
  /** Sandboxes that are being looked at; true = look once more. */
  readonly #looking = new Map<string, boolean>();
  /** Which look was asked for last, so that a list that began before it is not taken for newer. */
  readonly #asked = new Map<string, number>();
  #looks = 0;

  constructor(deps: ObserverDeps, scope: OwnerScope, listener: SandboxListener, signal: AbortSignal) {
    this.#deps = deps;
    this.#scope = scope;
    this.#listener = listener;
    this.#signal = signal;
  }

  /** Until the signal fires. Never rejects: an engine that is away is waited for. */
  async run(): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (let failures = 0; !this.#signal.aborted; ) {
      const round = new AbortController();
      const signal = AbortSignal.any([this.#signal, round.signal]);
      try {
        const events = await this.#deps.engine.events(this.#filters(), signal);
        this.#deps.containers.forgetAll();
        const reading = this.#read(events);
        await Promise.race([
          reading,
          this.#relist(signal, () => {
            failures = 0;
          }),
        ]);
        if (!this.#signal.aborted) log.debug({}, 'the events of the container engine ended, listening anew');
      } catch (error) {
        if (this.#signal.aborted) return;
        log.warn({ err: messageOf(error) }, 'the container engine cannot be observed, will try again');
      } finally {
        round.abort();
      }
      const step = Math.min(longestRetryMs, firstRetryMs * 2 ** failures++);
      await delay(clock, step / 2 + (random() * step) / 2, this.#signal);
    }
  }

  #filters(): Filters {
    return { ...inScopeFilter(this.#scope), type: ['container'], event: telling };
  }

  async #read(events: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const { Actor } of events) {
      const labelled = readLabels(Actor.Attributes);
      // Podman tells of what has any of the labels, not all of them.
      if (labelled === undefined || !inScope(labelled.owner, this.#scope)) continue;
      this.#deps.containers.forget(Actor.ID);
      this.#look(labelled.sandboxId);
    }
  }

  /** Lists at once and then again and again. Rejects with the first list that fails. */
  async #relist(signal: AbortSignal, listed: () => void): Promise<void> {
    while (!signal.aborted) {
      const before = new Map(this.#asked);
      const sandboxes = await this.#deps.containers.sandboxes(inScopeFilter(this.#scope), signal);
      listed();
      const there = new Set(sandboxes.map(({ state }) => state.id));
      const isNewer = (id: string): boolean => this.#asked.get(id) === before.get(id);
      for (const sandbox of sandboxes) if (isNewer(sandbox.state.id)) this.#take(sandbox.state.id, sandbox);
      for (const id of [...this.#told.keys()]) if (!there.has(id) && isNewer(id)) this.#take(id, undefined);
      this.#deps.onList(sandboxes);
      await delay(this.#deps.clock, relistMs, signal);
    }
  }

  #look(sandboxId: string): void {
    this.#asked.set(sandboxId, ++this.#looks);
    const isLooking = this.#looking.has(sandboxId);
    this.#looking.set(sandboxId, isLooking);
    if (!isLooking) void this.#lookOnAndOn(sandboxId);
  }

  async #lookOnAndOn(sandboxId: string): Promise<void> {
    do {
      await this.#calm(sandboxId);
      this.#looking.set(sandboxId, false);
      try {
        const [seen] = await this.#deps.containers.sandboxes(inSandboxFilter(sandboxId), this.#signal);
        this.#take(sandboxId, seen);
      } catch (error) {
        // The next list will find it.
        if (!this.#signal.aborted)
          this.#deps.log.warn(
            { sandbox: sandboxId, err: messageOf(error) },
            'a sandbox could not be looked at',
          );
      }
    } while (this.#looking.get(sandboxId) && !this.#signal.aborted);
    this.#looking.delete(sandboxId);
  }

  /** While something is done in it more will happen at once; whoever does it knows of that. But not for long. */
  async #calm(sandboxId: string): Promise<void> {
    const late = new AbortController();
    const { clock, idle } = this.#deps;
    await Promise.race([idle(sandboxId), delay(clock, calmMs, AbortSignal.any([this.#signal, late.signal]))]);
    late.abort();
  }

  #take(sandboxId: string, seen: SeenSandbox | undefined): void {
    if (this.#signal.aborted) return;
    const before = this.#told.get(sandboxId);
    if (seen === undefined) {
      this.#asked.delete(sandboxId);
      if (before === undefined) return;
      this.#told.delete(sandboxId);
      this.#tell({ type: 'gone', sandboxId, podUid: before.owner.podUid });
    } else if (!this.#deps.isUnfinished(seen) && !isDeepStrictEqual(before, seen.state)) {
      this.#told.set(sandboxId, seen.state);
      this.#tell({ type: 'changed', sandbox: seen.state });
    }
  }

  #tell(event: Parameters<SandboxListener>[0]): void {
    try {
      this.#listener(event);
    } catch (error) {
      this.#deps.log.error({ err: messageOf(error) }, 'an observer of the docker runtime failed');
    }
  }
}

/** The events after which a sandbox may look different. Podman has names of its own for some, and a last one after each end. */
const telling = ['create', 'start', 'die', 'died', 'cleanup', 'destroy', 'remove', 'oom', 'pause', 'unpause'];

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
