import type { Duplex } from 'node:stream';
import type { Clock } from '../../../telemetry/clock.ts';
import type { InboxBudget } from './inbox.ts';
import type { SpdyLimits } from './limits.ts';

/** How often a client that we do not read is looked after. The TCP keep-alive of Go is 15 s too. */
const probeMs = 15_000;

export interface ReadGateDeps {
  readonly clock: Clock;
  readonly socket: Duplex;
  readonly limits: SpdyLimits;
  /** Called every 15 s while nothing is read: whether the client is still there can only be learnt by writing then. */
  readonly probe: () => void;
}

/**
 * Reads the socket only while there is room for what comes. SPDY as Kubernetes uses it has no flow control but that of
 * TCP, so one stream that is not read holds up what the client sends on all of them, PING and RST_STREAM too, in time: as
 * spdystream does it in a real kubelet. What we write is not held up: `yes | kubectl exec -i` of a command that only
 * writes gives all its output. A stream that is reset or ends frees its bytes, so the end of the command frees the rest.
 */
export class ReadGate {
  readonly unread: InboxBudget;
  readonly control: InboxBudget;
  readonly #deps: ReadGateDeps;
  readonly #tanks: readonly Tank[];
  #paused = false;
  #open = false;
  #stopProbe: () => void = () => undefined;

  constructor(deps: ReadGateDeps) {
    this.#deps = deps;
    const change = (): void => this.#change();
    const unread = new Tank(deps.limits.unreadBytes, change);
    const control = new Tank(deps.limits.controlQueueBytes, change);
    this.#tanks = [unread, control];
    this.unread = unread;
    this.control = control;
  }

  /** From now on everything is read: nobody keeps it. */
  open(): void {
    this.#open = true;
    this.#stopProbe();
    this.#deps.socket.resume();
  }

  #change(): void {
    if (this.#open) return;
    // No lower mark for the way back: a stream that is stuck may hold most of the room, and the others go on in the rest.
    const full = this.#tanks.some((tank) => tank.isFull);
    if (full && !this.#paused) this.#pause();
    else if (!full && this.#paused) this.#resume();
  }

  #pause(): void {
    this.#paused = true;
    this.#deps.socket.pause();
    this.#probeLater();
  }

  #resume(): void {
    this.#paused = false;
    this.#stopProbe();
    this.#deps.socket.resume();
  }

  #probeLater(): void {
    this.#stopProbe = this.#deps.clock.schedule(probeMs, () => {
      this.#deps.probe();
      this.#probeLater();
    });
  }
}

class Tank implements InboxBudget {
  readonly #limit: number;
  readonly #changed: () => void;
  #bytes = 0;

  constructor(limit: number, changed: () => void) {
    this.#limit = limit;
    this.#changed = changed;
  }

  get isFull(): boolean {
    return this.#bytes > this.#limit;
  }

  hold(bytes: number): void {
    this.#bytes += bytes;
    this.#changed();
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#changed();
  }
}
