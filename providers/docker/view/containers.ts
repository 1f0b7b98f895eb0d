import type { Ownership } from '../../contract/ownership.ts';
import type { RuntimeContainer, SandboxState } from '../../contract/runtime.ts';
import type { Engine } from '../engine/engine.ts';
import { hasStatus } from '../engine/errors.ts';
import type { Filters, InspectedContainer, ListedContainer } from '../engine/shapes.ts';
import { readLabels } from '../pod/labels.ts';
import type { PodFolders } from '../pod/pod-folder.ts';
import { inParallel } from '../waiting.ts';
import { toRun } from './run-state.ts';
import { readRefusal, readTerminationMessage } from './termination-message.ts';

const inspections = 16;

/** One container at the engine, of a sandbox or of a run. */
export interface Seen {
  readonly id: string;
  readonly sandboxId: string;
  readonly owner: Ownership;
  readonly status: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly isSandbox: boolean;
  /** Of a sandbox. */
  readonly ips: readonly string[];
  /** Absent on a sandbox, and on a container that was never started. */
  readonly run?: RuntimeContainer;
}

/** A sandbox with how its own container is. */
export interface SeenSandbox {
  readonly state: SandboxState;
  /** `running`, `created`, `exited`, ...; absent when its own container is gone and others were left. */
  readonly status?: string;
  /** Ids of containers that its own has replaced, and that a crash has left. */
  readonly replaced: readonly string[];
}

/**
 * What the engine has of ours. A list tells only the status of a container; the rest takes an inspection, which is
 * kept for as long as the status stays the same.
 */
export class Containers {
  readonly #deps: { readonly engine: Engine; readonly folders: PodFolders };
  readonly #seen = new Map<string, Seen>();
  /** For each look under way, what happened to others and to its own meanwhile. */
  readonly #looks = new Set<Set<string>>();

  constructor(deps: { readonly engine: Engine; readonly folders: PodFolders }) {
    this.#deps = deps;
  }

  /** Every sandbox that fits the filter, whole. Complete or rejected. */
  async sandboxes(filters: Filters, signal: AbortSignal): Promise<SeenSandbox[]> {
    const listed = await this.#deps.engine.containers(filters, signal);
    const seen = await inParallel(listed, inspections, (container) => this.#see(container, signal));
    const bySandbox = Map.groupBy(
      seen.filter((one) => one !== undefined),
      ({ sandboxId }) => sandboxId,
    );
    return [...bySandbox.values()].map(assemble);
  }

  /** Undefined when there is no such container, or it is not ours. */
  async look(container: string, signal: AbortSignal): Promise<Seen | undefined> {
    const outdated = new Set<string>();
    this.#looks.add(outdated);
    try {
      const seen = await this.#understand(await this.#deps.engine.inspect(container, signal), signal);
      if (seen !== undefined && !outdated.has(seen.id)) this.#seen.set(seen.id, seen);
      return seen;
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      this.#seen.delete(container);
      return undefined;
    } finally {
      this.#looks.delete(outdated);
    }
  }

  /** Something has happened to it: the next look is a fresh one, and what looks under way find is not kept. */
  forget(id: string): void {
    this.#seen.delete(id);
    for (const outdated of this.#looks) outdated.add(id);
  }

  /** Nobody has told what has happened meanwhile. */
  forgetAll(): void {
    for (const id of [...this.#seen.keys()]) this.forget(id);
  }

  async #see({ Id, Labels, State }: ListedContainer, signal: AbortSignal): Promise<Seen | undefined> {
    if (readLabels(Labels) === undefined) return undefined;
    const known = this.#seen.get(Id);
    if (known !== undefined && known.status === State) return known;
    return this.look(Id, signal);
  }

  async #understand(inspected: InspectedContainer, signal: AbortSignal): Promise<Seen | undefined> {
    const { Id: id, State, Created } = inspected;
    const labels = readLabels(inspected.Config.Labels ?? {});
    if (labels === undefined) return undefined;
    const { sandboxId, owner } = labels;
    const base = { id, sandboxId, owner, status: State.Status, createdAt: new Date(Created).toISOString() };
    if (labels.role === 'sandbox') return { ...base, isSandbox: true, ips: addressesOf(inspected) };
    const run = toRun(inspected, labels, await readRefusal(this.#deps, inspected, labels));
    if (run?.state.kind !== 'exited' || run.state.result.reason === 'StartError')
      return { ...base, isSandbox: false, ips: [], ...(run && { run }) };
    const message = await readTerminationMessage(this.#deps, inspected, labels, signal);
    const state = { ...run.state, result: { ...run.state.result, message } };
    return { ...base, isSandbox: false, ips: [], run: { ...run, state } };
  }
}

function assemble(containers: readonly Seen[]): SeenSandbox {
  const oldestFirst = containers.toSorted(
    (one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt),
  );
  const own = oldestFirst.filter(({ isSandbox }) => isSandbox);
  const sandbox = own.pop();
  const [oldest] = oldestFirst;
  const { sandboxId: id, owner, createdAt } = sandbox ?? oldest ?? missing();
  return {
    state: {
      id,
      owner,
      createdAt,
      ips: sandbox?.ips ?? [],
      containers: oldestFirst.flatMap(({ run }) => (run === undefined ? [] : [run])),
    },
    ...(sandbox && { status: sandbox.status }),
    replaced: own.map((one) => one.id),
  };
}

function missing(): never {
  throw new Error('a sandbox without a container');
}

/** At most one address per family. */
function addressesOf({ NetworkSettings }: InspectedContainer): string[] {
  const networks = Object.values(NetworkSettings.Networks ?? {});
  const first = (pick: (network: (typeof networks)[number]) => string): string | undefined =>
    networks.map(pick).find((address) => address);
  return [first((network) => network.IPAddress), first((network) => network.GlobalIPv6Address)].filter(
    (address) => address !== undefined,
  );
}
