import { plainContainer } from '../../../../providers/contract/conformance/plain-spec.ts';
import { MockContainer } from '../../../../providers/mock/container.ts';
import type { ContainerRequest, GroupSpec } from './group-spec.ts';

const killed = 137;

/** The containers of one group: which of them may start, and how the group ends with them. Told the time, as they are. */
export class Crew {
  readonly init: readonly MockContainer[];
  readonly regular: readonly MockContainer[];
  readonly #groupId: string;
  /** Those whose end ends the group: all but the sidecars. */
  readonly #counted: readonly MockContainer[];

  constructor(spec: GroupSpec, { id, ip }: { readonly id: string; readonly ip: string }) {
    const machine = (kind: 'init' | 'regular') => (request: ContainerRequest) => {
      const container = plainContainer(request.name, request.image);
      return new MockContainer(container, kind, spec.restartPolicy, request.program(ip));
    };
    this.init = spec.initContainers.map(machine('init'));
    this.regular = spec.containers.map(machine('regular'));
    const normal = this.regular.filter((_, index) => spec.containers[index]?.sidecar === false);
    this.#counted = normal.length > 0 ? normal : this.regular;
    this.#groupId = id;
  }

  get all(): readonly MockContainer[] {
    return [...this.init, ...this.regular];
  }

  /** The containers, not only the init containers, have been started. */
  get begun(): boolean {
    return this.regular.some((container) => container.begun);
  }

  get running(): boolean {
    return this.all.some((container) => container.running);
  }

  dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const container of this.all) due = Math.min(due, container.dueAt());
    return due;
  }

  play(at: number): void {
    for (const container of this.all) container.play(at, this.#groupId);
  }

  /** Starts init containers one by one, then all others; tells whether that is done, or cannot be. */
  start(at: number): 'begun' | 'waiting' | 'failed' {
    for (const init of this.init) {
      if (!init.begun) init.start(at, this.#groupId);
      if (init.ended && !init.succeeded) return 'failed';
      if (!init.ended) return 'waiting';
    }
    for (const container of this.regular) container.start(at, this.#groupId);
    return 'begun';
  }

  /** How the group ends, once nothing that counts is left to run. */
  outcome(): 'Succeeded' | 'Failed' | undefined {
    if (this.#counted.some((container) => !container.ended)) return undefined;
    return this.#counted.every((container) => container.succeeded) ? 'Succeeded' : 'Failed';
  }

  /** SIGTERM to each; none is started again. */
  terminate(at: number): void {
    for (const container of this.all) container.terminate(at);
  }

  /** SIGKILL, without time to end in their own way. */
  kill(at: number): void {
    for (const container of this.all) {
      container.exit(at, killed);
      container.terminate(at);
    }
  }

  find(name: string): MockContainer {
    const container = this.all.find((one) => one.name === name);
    if (container === undefined) throw new Error(`group ${this.#groupId} has no container ${name}`);
    return container;
  }
}
