/** A moment of a rollout at which the daemon is killed: the Nth event of this kind. */
export interface Phase {
  readonly name: string;
  readonly role: 'sandbox' | 'container';
  readonly action: string;
}

/** In the order in which a Pod goes through them. */
export const phases: readonly Phase[] = [
  { name: 'sandboxes are made', role: 'sandbox', action: 'create' },
  { name: 'sandboxes start', role: 'sandbox', action: 'start' },
  { name: 'containers are made', role: 'container', action: 'create' },
  { name: 'containers start', role: 'container', action: 'start' },
  { name: 'old containers are told to end', role: 'container', action: 'kill' },
  { name: 'old containers end', role: 'container', action: 'die' },
  { name: 'old containers are removed', role: 'container', action: 'destroy' },
  { name: 'old sandboxes are removed', role: 'sandbox', action: 'destroy' },
];

interface Armed {
  readonly phase: Phase;
  /** Events until it is time. */
  left: number;
}

/** Says when to kill: once in each phase of a rollout, at an event that chance chooses. */
export class Trap {
  readonly kills = new Map<string, number>(phases.map(({ name }) => [name, 0]));
  #armed: Armed[] = [];

  /** `random`: from 0 to 1. `events`: how many of each kind are sure to come. */
  arm(random: () => number, events: number): void {
    this.#armed = phases.map((phase) => ({ phase, left: 1 + Math.floor(random() * events) }));
  }

  /** Whether the daemon dies of this event. `alive`: there is one that can. */
  springs(role: Phase['role'], action: string, alive: boolean): boolean {
    const hit = this.#armed.find(({ phase }) => phase.role === role && phase.action === action);
    if (hit === undefined || --hit.left > 0 || !alive) return false;
    this.#armed = this.#armed.filter((one) => one !== hit);
    this.kills.set(hit.phase.name, (this.kills.get(hit.phase.name) ?? 0) + 1);
    return true;
  }
}
