import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProviderClock } from '../../contract/clock.ts';

/** An image that is at the engine because a Pod needed it, and that nobody had put there before. */
export interface LedgerEntry {
  /** The engine's id of it. */
  readonly id: string;
  /** By which it was pulled. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly pulledAt: number;
  readonly usedAt: number;
}

export interface LedgerDeps {
  readonly stateDir: string;
  readonly clock: ProviderClock;
  /** Which engine it is: what was pulled to another counts for nothing. */
  readonly identity: () => Promise<string>;
}

/**
 * Which images this provider has brought to the engine: `images.json` in the state folder. An engine may hold images of
 * other people, and says of none where it came from.
 */
export class ImageLedger {
  readonly #file: string;
  readonly #clock: ProviderClock;
  readonly #identity: () => Promise<string>;
  #entries: Promise<Map<string, LedgerEntry>> | undefined;
  #saved: Promise<void> = Promise.resolve();

  constructor({ stateDir, clock, identity }: LedgerDeps) {
    this.#file = path.join(stateDir, 'images.json');
    this.#clock = clock;
    this.#identity = identity;
  }

  /**
   * `before`: the id that the name had before it was pulled. What was there is not ours, and neither is the name: it may
   * have been moved to a newer image by our pull, but somebody else counts on it.
   */
  async pulled(name: string, id: string, before: string | undefined): Promise<void> {
    const entries = await this.#read();
    const now = this.#clock.now();
    if (entries.has(id)) return this.used(id);
    if (before !== undefined && !entries.has(before)) return;
    entries.set(id, { id, name, pulledAt: now, usedAt: now });
    await this.save();
  }

  async used(id: string): Promise<void> {
    const entries = await this.#read();
    const entry = entries.get(id);
    if (entry !== undefined) entries.set(id, { ...entry, usedAt: this.#clock.now() });
  }

  async forget(id: string): Promise<void> {
    (await this.#read()).delete(id);
  }

  /** The one that was used longest ago comes first. */
  async entries(): Promise<LedgerEntry[]> {
    const entries = [...(await this.#read()).values()];
    return entries.sort((one, other) => one.usedAt - other.usedAt || one.pulledAt - other.pulledAt);
  }

  /** A crash leaves the old content or the new one. */
  async save(): Promise<void> {
    const write = async (): Promise<void> => {
      const record = { version: 1, engine: await this.#identity(), images: await this.entries() };
      await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#file}.tmp`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${this.#file}.tmp`, this.#file);
    };
    this.#saved = this.#saved.then(write, write);
    await this.#saved;
  }

  #read(): Promise<Map<string, LedgerEntry>> {
    this.#entries ??= this.#load().catch((error: unknown) => {
      this.#entries = undefined;
      throw error;
    });
    return this.#entries;
  }

  /** A file that cannot be read is as none: then nothing is ours. */
  async #load(): Promise<Map<string, LedgerEntry>> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    const entries = entriesIn(text, await this.#identity());
    return new Map(entries.map((entry) => [entry.id, entry]));
  }
}

interface LedgerFile {
  readonly version?: number;
  readonly engine?: string;
  readonly images?: readonly LedgerEntry[];
}

function entriesIn(text: string, identity: string): readonly LedgerEntry[] {
  try {
    const { version, engine, images } = JSON.parse(text) as LedgerFile;
    return version === 1 && engine === identity && Array.isArray(images) ? images : [];
  } catch {
    return [];
  }
}
