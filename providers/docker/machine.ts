import { statfs } from 'node:fs/promises';
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

  /** Of the disk with the engine's data, as the kubelet reckons it. Rejects when that is not on this machine. */
  async diskUsedPercent(signal: AbortSignal): Promise<number> {
    const { DockerRootDir = '' } = await this.info(signal);
    const { blocks, bavail } = await statfs(DockerRootDir);
    return 100 - Math.floor((bavail * 100) / blocks);
  }

  async facts(signal: AbortSignal): Promise<MachineFacts> {
    const { MemTotal } = await this.info(signal);
    const { Components } = await this.#engine.version(signal);
    return {
      memoryBytes: MemTotal,
      leastOomScore: this.#leastOomScore,
      hostnameIsOwn: Components?.some(({ Name }) => Name === 'Podman Engine') ?? false,
    };
  }

  /** The engine has not the right to do so (inside another container, for example). */
  keepOomScore(): void {
    this.#leastOomScore = 0;
  }
}
