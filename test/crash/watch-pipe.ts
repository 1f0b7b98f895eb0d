import type { WatchEvent } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Clock } from '../../src/telemetry/clock.ts';
import type { ApiWeather } from './api-weather.ts';

type Event = WatchEvent<KubeObject>;

export type PipeEnd = 'open' | 'ended' | 'broken';

export interface WatchPipeDeps {
  readonly clock: Clock;
  readonly weather: ApiWeather;
  readonly onEnd: () => void;
}

/** Events of this watch that may come a second time. */
const remembered = 8;

/** One watch connection: brings events in their order, each after its lag, and breaks, repeats and goes silent with the weather. */
export class WatchPipe {
  readonly #deps: WatchPipeDeps;
  readonly #delivered: Event[] = [];
  readonly #past: Event[] = [];
  readonly #closers: (() => void)[] = [];
  #lastAt = 0;
  #end: PipeEnd = 'open';
  #muted = false;
  #wake: () => void = () => {};

  constructor(deps: WatchPipeDeps) {
    this.#deps = deps;
  }

  get state(): PipeEnd {
    return this.#end;
  }

  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  send(event: Event): void {
    const { clock, weather } = this.#deps;
    const at = Math.max(this.#lastAt, clock.now() + weather.lagMs());
    this.#lastAt = at;
    if (at <= clock.now()) this.#arrive(event);
    else clock.schedule(at - clock.now(), () => this.#arrive(event));
  }

  /** The next event, or undefined when there is none yet. */
  take(): Event | undefined {
    return this.#delivered.shift();
  }

  /** Resolves when something arrived or the pipe ended. */
  change(): Promise<void> {
    if (this.#delivered.length > 0 || this.#end !== 'open') return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The connection is dead and neither side knows: nothing comes any more. */
  mute(): void {
    this.#muted = true;
  }

  end(): void {
    this.#close('ended');
  }

  break(): void {
    this.#delivered.length = 0;
    this.#close('broken');
  }

  #arrive(event: Event): void {
    if (this.#end !== 'open' || this.#muted) return;
    const fault = this.#deps.weather.onEvent();
    if (fault === 'cut') {
      this.break();
      return;
    }
    this.#delivered.push(event);
    if (fault === 'duplicate') this.#delivered.push(event);
    const old = this.#past[0];
    if (fault === 'stale' && old !== undefined) this.#delivered.push(old);
    if (event.type !== 'BOOKMARK') this.#past.push(event);
    if (this.#past.length > remembered) this.#past.shift();
    this.#wake();
  }

  #close(end: PipeEnd): void {
    if (this.#end !== 'open') return;
    this.#end = end;
    for (const close of this.#closers) close();
    this.#deps.onEnd();
    this.#wake();
  }
}
