import type { Readable, Writable } from 'node:stream';

/** The input of a container's first process, which the sessions that come and go write to. */
export class ContainerInput {
  readonly #target: Writable;
  readonly #end: () => void;
  readonly #once: boolean;
  #isOpen = true;

  /** `once`: it ends with the first session that has it. `end` does that. */
  constructor(target: Writable, once: boolean, end: () => void) {
    this.#target = target;
    this.#once = once;
    this.#end = end;
    const close = (): void => {
      this.#isOpen = false;
    };
    target.on('error', close).on('close', close);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Passes on what a session sends until `source` has ended or is closed; what the process does not want is dropped. */
  take(source: Readable): void {
    const target = this.#target;
    const resume = (): void => void source.resume();
    source.on('data', (chunk: Buffer) => {
      if (this.#isOpen && !target.write(chunk)) source.pause();
    });
    source.on('error', () => {});
    source.once('close', () => {
      target.off('drain', resume).off('close', resume);
      if (!this.#once || !this.#isOpen) return;
      this.#isOpen = false;
      this.#end();
    });
    target.on('drain', resume).on('close', resume);
  }

  destroy(): void {
    this.#target.destroy();
  }
}
