import type { EngineEvent } from '../../../providers/docker/engine/shapes.ts';
import { readLabels } from '../../../providers/docker/pod/labels.ts';

interface Seen {
  readonly podUid: string;
  /** `sandbox`, or the name of the container. */
  readonly role: string;
  started: number;
  isGone: boolean;
}

function isHeld({ started, isGone }: Seen): boolean {
  return started > 0 && !isGone;
}

/** What the engine itself tells of containers, and what of it must never be. */
export class Ledger {
  readonly violations: string[] = [];
  readonly #isWanted: (podUid: string) => boolean;
  readonly #containers = new Map<string, Seen>();

  /** `isWanted`: the Pod is there and nobody has asked to delete it. */
  constructor(isWanted: (podUid: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Takes an event of the engine down. Returns what it is about; undefined when that is not ours. */
  note({ Action, Actor }: EngineEvent): 'sandbox' | 'container' | undefined {
    const labels = readLabels(Actor.Attributes);
    if (labels === undefined) return undefined;
    const { podUid, name } = labels.owner;
    const role = labels.role === 'sandbox' ? 'sandbox' : labels.name;
    const what = `${role} of Pod ${name} (${podUid})`;
    const seen = this.#containers.get(Actor.ID) ?? { podUid, role, started: 0, isGone: false };
    this.#containers.set(Actor.ID, seen);
    // One that was never started and is replaced holds nothing.
    if (Action === 'create' && this.#others(Actor.ID, podUid, role).some(isHeld))
      this.violations.push(`doubled: ${what} was made beside another`);
    if (Action === 'start') {
      seen.started++;
      const before = this.#others(Actor.ID, podUid, role).reduce((sum, { started }) => sum + started, 0);
      if (seen.started + before > 1) this.violations.push(`restarted: ${what} was started again`);
    }
    if (Action === 'die' && this.#isWanted(podUid))
      this.violations.push(`ended: ${what} ended while its Pod was wanted`);
    if (Action === 'destroy') seen.isGone = true;
    return labels.role;
  }

  /** Containers, sandboxes not counted, that were started. */
  get started(): number {
    return [...this.#containers.values()].filter(({ role, started }) => role !== 'sandbox' && started > 0)
      .length;
  }

  get containers(): number {
    return this.#containers.size;
  }

  #others(id: string, podUid: string, role: string): Seen[] {
    return [...this.#containers]
      .filter(([other, seen]) => other !== id && seen.podUid === podUid && seen.role === role)
      .map(([, seen]) => seen);
  }
}
