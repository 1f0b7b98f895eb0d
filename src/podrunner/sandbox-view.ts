import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';

/**
 * The sandbox as pieced together from snapshots and from the answers of start calls, which may overtake each other.
 * Whatever order they come in: an ended run never lives again, a run that was just started is not taken for lost
 * because an older snapshot lacks it, and one that vanished while it ran is recorded as ended with an unknown outcome.
 */
export class SandboxView {
  #state: SandboxState;
  readonly #runs = new Map<string, RuntimeContainer>();
  /** Runs known from a start call that no snapshot has shown yet. */
  readonly #unconfirmed = new Set<string>();

  constructor(snapshot: SandboxState) {
    this.#state = snapshot;
    for (const run of snapshot.containers) this.#runs.set(run.id, run);
  }

  get state(): SandboxState {
    return this.#state;
  }

  apply(snapshot: SandboxState, now: number): void {
    const seen = new Set<string>();
    for (const run of snapshot.containers) {
      seen.add(run.id);
      this.#unconfirmed.delete(run.id);
      this.#put(run);
    }
    for (const run of this.#runs.values())
      if (!seen.has(run.id) && !this.#unconfirmed.has(run.id) && run.state.kind === 'running')
        this.#runs.set(run.id, lost(run, now));
    this.#state = { ...snapshot, containers: [...this.#runs.values()] };
  }

  started(run: RuntimeContainer): void {
    if (!this.#runs.has(run.id)) this.#unconfirmed.add(run.id);
    this.#put(run);
    this.#state = { ...this.#state, containers: [...this.#runs.values()] };
  }

  removed(id: string): void {
    this.#runs.delete(id);
    this.#unconfirmed.delete(id);
    this.#state = { ...this.#state, containers: [...this.#runs.values()] };
  }

  #put(run: RuntimeContainer): void {
    if (this.#runs.get(run.id)?.state.kind !== 'exited') this.#runs.set(run.id, run);
  }
}

/** As the kubelet reports a container that its runtime has lost: ContainerStatusUnknown, 137. */
function lost(run: RuntimeContainer, now: number): RuntimeContainer {
  const startedAt = run.state.kind === 'running' ? run.state.startedAt : '';
  return {
    ...run,
    state: {
      kind: 'exited',
      result: {
        kind: 'terminated',
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when it was looked for',
        startedAt,
        finishedAt: new Date(now).toISOString(),
        containerId: run.id,
      },
    },
  };
}
