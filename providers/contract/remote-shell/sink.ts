import type { Writable } from 'node:stream';
import { ProviderError } from '../errors.ts';

/** Hands output to where it is wanted, at the pace of the latter, which it neither ends nor destroys. */
export class Sink {
  readonly #target: Writable | undefined;
  #untaken = 0;
  #isBroken = false;
  #idle = Promise.withResolvers<void>();

  constructor(target: Writable | undefined) {
    this.#target = target;
  }

  /** Resolves when there is room for more; rejects when nobody takes it. */
  async write(bytes: Buffer): Promise<void> {
    const target = this.#target;
    if (target === undefined || bytes.length === 0) return;
    if (!target.writable) throw unwanted();
    if (this.#untaken++ === 0) {
      this.#idle = Promise.withResolvers<void>();
      this.#idle.promise.catch(() => undefined);
      target.once('close', this.#break);
    }
    const hasRoom = target.write(bytes, (error) => (error ? this.#break() : this.#take(target)));
    if (!hasRoom) await this.taken();
  }

  /** Resolves when all that was written is taken. */
  async taken(): Promise<void> {
    if (this.#isBroken) throw unwanted();
    if (this.#untaken > 0) await this.#idle.promise;
  }

  #take(target: Writable): void {
    if (--this.#untaken > 0) return;
    target.off('close', this.#break);
    this.#idle.resolve();
  }

  readonly #break = (): void => {
    this.#isBroken = true;
    this.#idle.reject(unwanted());
  };
}

function unwanted(): ProviderError {
  return new ProviderError('Retryable', 'nobody takes the output of the command any more');
}
