import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProviderClock, ProviderLog } from '../contract/index.ts';

/** ECS shows a stopped task for an hour or somewhat longer; nothing can be written into it any more. */
const keptMs = 24 * 3600_000;
const fileName = 'forgotten-tasks';

/**
 * Tasks that were deleted and that ECS still lists. Kept in a file, so that a daemon that starts anew does not find
 * instances of Pods long gone. Losing the file is harmless: they are deleted once more, and that costs one look each.
 */
export class Forgotten {
  readonly #deps: { readonly stateDir: string; readonly clock: ProviderClock; readonly log: ProviderLog };
  /** ARN → when, in milliseconds since the epoch. */
  readonly #tasks = new Map<string, number>();
  #written: Promise<void> = Promise.resolve();

  private constructor(deps: { stateDir: string; clock: ProviderClock; log: ProviderLog }) {
    this.#deps = deps;
  }

  static async open(deps: { stateDir: string; clock: ProviderClock; log: ProviderLog }): Promise<Forgotten> {
    const forgotten = new Forgotten(deps);
    await forgotten.#read();
    return forgotten;
  }

  has(arn: string): boolean {
    return this.#tasks.has(arn);
  }

  add(arn: string): void {
    const now = this.#deps.clock.now();
    this.#tasks.set(arn, now);
    for (const [old, at] of this.#tasks) {
      if (at >= now - keptMs) break;
      this.#tasks.delete(old);
    }
    this.#written = this.#written.then(() => this.#try(() => appendFile(this.#file, `${now} ${arn}\n`)));
  }

  /** Resolves when everything is on the disk. */
  close(): Promise<void> {
    return this.#written;
  }

  get #file(): string {
    return path.join(this.#deps.stateDir, fileName);
  }

  async #read(): Promise<void> {
    const { clock, stateDir } = this.#deps;
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const [at = '', arn = ''] = line.split(' ');
      if (arn !== '' && Number(at) >= clock.now() - keptMs) this.#tasks.set(arn, Number(at));
    }
    // Written anew without what is too old, so that it does not grow for ever.
    await this.#try(async () => {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      const lines = [...this.#tasks].map(([arn, at]) => `${at} ${arn}\n`).join('');
      await writeFile(`${this.#file}.new`, lines);
      await rename(`${this.#file}.new`, this.#file);
    });
  }

  async #try(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#deps.log.warn(
        { error: String(error) },
        'deleted tasks could not be noted; they may be found again',
      );
    }
  }
}
