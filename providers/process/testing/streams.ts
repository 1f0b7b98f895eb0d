import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';

/** More is only counted. */
const keptBytes = 1e6;

/** Takes everything, and lets tests wait for what comes. */
export class Sink extends Writable {
  readonly #hash = createHash('sha256');
  readonly #kept: Buffer[] = [];
  bytes = 0;
  #look = (): void => {};

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    if (this.bytes <= keptBytes) this.#kept.push(chunk);
    this.#look();
    done();
  }

  get text(): string {
    return Buffer.concat(this.#kept).toString();
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  async until(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(new Error(`waited in vain for ${pattern}, got ${JSON.stringify(this.text.slice(-500))}`)),
        15_000,
      );
      this.#look = () => {
        if (!pattern.test(this.text)) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
  }
}

/** `count` chunks of 64 KiB, the same each time, and what comes of them. */
export function pattern(count: number): {
  readonly source: Readable;
  readonly sha256: string;
  readonly bytes: number;
} {
  const chunk = Buffer.from(Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7) % 251));
  const hash = createHash('sha256');
  for (let index = 0; index < count; index += 1) hash.update(chunk);
  let sent = 0;
  const source = new Readable({
    read() {
      sent += 1;
      this.push(sent <= count ? chunk : null);
    },
  });
  return { source, sha256: hash.digest('hex'), bytes: count * chunk.length };
}

/** Input that stays open. */
export function openInput(text = ''): Readable {
  const input = new Readable({ read() {} });
  if (text !== '') input.push(text);
  return input;
}
