import type { Engine } from './engine/engine.ts';
import type { EngineInfo } from './engine/shapes.ts';
import type { MachineFacts } from './pod/configs.ts';

/** What this process has found out about the engine's machine. */
export class Machine {
  readonly #engine: Engine;
  #info: EngineInfo | undefined;
  #leastOomScore = -1000;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async info(signal: AbortSignal): Promise<EngineInfo> {
    this.#info ??= await this.#engine.info(signal);
    return this.#info;
  }

  /** Which engine it is. */
  async identity(signal: AbortSignal): Promise<string> {
    return (await this.info(signal)).ID ?? '';
  }

  async facts(signal: AbortSignal): Promise<MachineFacts> {
    const { MemTotal } = await this.info(signal);
    return { memoryBytes: MemTotal, leastOomScore: this.#leastOomScore };
  }

  /** The engine has not the right to do so (inside another container, for example). */
  keepOomScore(): void {
    this.#leastOomScore = 0;
  }
}
