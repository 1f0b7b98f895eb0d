import { ProviderError } from '../../contract/errors.ts';
import type { Engine } from '../engine/engine.ts';
import { hasStatus, telling } from '../engine/errors.ts';
import { unlessAborted } from '../waiting.ts';
import { connectProgram } from './connect-program.ts';
import { isArchitecture } from './executable.ts';
import { sandboxProgram } from './sandbox-program.ts';
import { tar } from './tar.ts';

const repository = 'burstlet.dev/sandbox';
/** Counted up with every change of the programs: the image under a tag never changes. */
const tag = '2';
export const sandboxImage = `${repository}:${tag}`;

/** Connects its input and output to a port on the loopback of the sandbox in which it is run. */
export function connectCommand(port: number): readonly string[] {
  return ['/connect', String(port)];
}

const importTimeoutMs = 60_000;

/** Sees to it that the engine has the image of the sandbox. It comes from this program; no registry is asked. */
export class SandboxImage {
  readonly #engine: Engine;
  #ready: Promise<void> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async ensure(signal: AbortSignal): Promise<void> {
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    await unlessAborted(this.#ready, signal);
  }

  /** Somebody has removed it. */
  forget(): void {
    this.#ready = undefined;
  }

  async #make(): Promise<void> {
    const limit = AbortSignal.timeout(importTimeoutMs);
    try {
      await this.#engine.image(sandboxImage, limit);
      return;
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
    const { Arch } = await this.#engine.version(limit);
    if (!isArchitecture(Arch))
      throw new ProviderError(
        'Unsupported',
        `the docker provider has no sandbox for ${Arch}, only amd64 and arm64`,
      );
    const archive = tar([
      { path: 'sandbox', mode: 0o755, content: sandboxProgram(Arch) },
      { path: 'connect', mode: 0o755, content: connectProgram(Arch) },
    ]);
    await telling('the image of the sandbox cannot be imported', async () => {
      const changes = 'ENTRYPOINT ["/sandbox"]';
      for await (const { error } of this.#engine.importImage(archive, repository, tag, changes, limit))
        if (error !== undefined) throw new ProviderError('Retryable', error);
    });
  }
}
