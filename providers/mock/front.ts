import type { ProviderClock } from '../contract/index.ts';
import { delay, ProviderError } from '../contract/index.ts';
import type { CallHook, MockCall, MockCallKind } from './call.ts';
import type { Fault, FaultSource } from './faults.ts';
import { refusal } from './faults.ts';
import type { Latency } from './random.ts';
import { drawMs } from './random.ts';

export type CallLatencies = Readonly<Partial<Record<MockCallKind | '*', Latency>>>;

export interface FrontDeps {
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly latencies: CallLatencies;
  readonly faults: FaultSource | undefined;
  readonly history: boolean;
}

/**
 * The API in front of the mock cloud. Each call passes here: it is recorded, delayed (half of its time before it takes
 * effect, half after: a listing may be old when it arrives) and made to fail when the faults say so.
 */
export class Front {
  readonly calls: MockCall[] = [];
  onCall: CallHook | undefined;
  readonly #deps: FrontDeps;
  #count = 0;

  constructor(deps: FrontDeps) {
    this.#deps = deps;
  }

  async pass<T>(
    kind: MockCallKind,
    about: Pick<MockCall, 'podUid' | 'instance' | 'token'>,
    signal: AbortSignal,
    effect: () => T,
  ): Promise<T> {
    const { clock, random, latencies, faults, history } = this.#deps;
    const call: MockCall = { kind, number: this.#count++, at: clock.now(), ...about };
    if (history) this.calls.push(call);
    alive(call, signal);
    await this.#hook(call, 'before', signal);
    const fault = faults?.onCall(call);
    const slower = fault?.kind === 'slow' ? fault.ms : 0;
    const half = (drawMs(latencies[kind] ?? latencies['*'] ?? 0, random) + slower) / 2;
    await this.#travel(half, call, signal);
    if (fault !== undefined) await this.#obstruct(fault, call, signal, effect);
    const result = effect();
    await this.#hook(call, 'after', signal);
    await this.#travel(half, call, signal);
    if (fault?.kind === 'lostAfter') throw lost(call);
    return result;
  }

  async #hook(call: MockCall, point: 'before' | 'after', signal: AbortSignal): Promise<void> {
    const held = this.onCall?.(call, point);
    if (held === undefined) return;
    await orAborted(held, signal);
    alive(call, signal);
  }

  async #travel(ms: number, call: MockCall, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return;
    await delay(this.#deps.clock, ms, signal);
    alive(call, signal);
  }

  async #obstruct(fault: Fault, call: MockCall, signal: AbortSignal, effect: () => unknown): Promise<void> {
    const refused = refusal(fault, call);
    if (refused !== undefined) throw refused;
    if (fault.kind === 'hang') {
      await orAborted(new Promise(() => undefined), signal);
      alive(call, signal);
    }
    if (fault.kind === 'late') {
      this.#deps.clock.schedule(fault.ms, () => {
        try {
          effect();
        } catch {
          // Nobody waits for this answer any more.
        }
      });
      throw lost(call);
    }
  }
}

function alive(call: MockCall, signal: AbortSignal): void {
  if (signal.aborted)
    throw new ProviderError('Retryable', `${call.kind}: given up by the caller`, { cause: signal.reason });
}

/** Settles with the promise, or resolves when the signal fires. */
async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  let leave = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    leave = resolve;
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) resolve();
  });
  await Promise.race([promise, fired]).finally(() => signal.removeEventListener('abort', leave));
}

function lost(call: MockCall): ProviderError {
  return new ProviderError('Retryable', `${call.kind}: the answer was lost`);
}
