/** An event of a group, as both event calls show it. */
export interface GroupEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Who tells it: the service, or the agent beside the containers. */
  readonly source: 'EciService' | 'K8sAgent';
  readonly at: number;
}

/** Of each group, only the newest are kept. */
const maxEvents = 50;

export class GroupEvents {
  readonly #events: GroupEvent[] = [];

  get all(): readonly GroupEvent[] {
    return this.#events;
  }

  /** A warning of the service. */
  warn(at: number, reason: string, message: string): void {
    this.#add({ type: 'Warning', reason, message, source: 'EciService', at });
  }

  /** A message of the agent. */
  note(at: number, reason: string, message: string): void {
    this.#add({ type: reason === 'Failed' ? 'Warning' : 'Normal', reason, message, source: 'K8sAgent', at });
  }

  #add(event: GroupEvent): void {
    this.#events.push(event);
    if (this.#events.length > maxEvents) this.#events.shift();
  }
}
