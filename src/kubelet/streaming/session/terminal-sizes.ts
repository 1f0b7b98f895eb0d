import type { Readable } from 'node:stream';
import type { TerminalSize } from '../../../../providers/contract/index.ts';

/** A size is some forty bytes. */
const maxObjectBytes = 1024;

/**
 * The sizes of a terminal from the stream on which the client reports them: one JSON object after the other, with
 * nothing in between (client-go/tools/remotecommand, `{"Width":80,"Height":24}`). Only the newest waits to be read, for nobody
 * needs the others. What is no size is passed over.
 */
export class TerminalSizes implements AsyncIterable<TerminalSize> {
  #text = '';
  #newest: TerminalSize | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(source: Readable) {
    source.on('data', (chunk: Buffer) => this.#read(chunk));
    for (const event of ['end', 'close', 'error'])
      source.once(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TerminalSize> {
    for (;;) {
      const size = this.#newest;
      this.#newest = undefined;
      if (size !== undefined) yield size;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #read(chunk: Buffer): void {
    this.#text += chunk.toString('latin1');
    for (;;) {
      const end = this.#text.indexOf('}');
      if (end < 0) break;
      const size = sizeOf(this.#text.slice(0, end + 1));
      this.#text = this.#text.slice(end + 1);
      if (size === undefined) continue;
      this.#newest = size;
      this.#wake();
    }
    if (this.#text.length > maxObjectBytes) this.#text = '';
  }
}

/** Names in any case, as Go reads them; each number as wide as a uint16. */
function sizeOf(text: string): TerminalSize | undefined {
  const width = /"width"\s*:\s*(\d{1,5})\b/i.exec(text)?.[1];
  const height = /"height"\s*:\s*(\d{1,5})\b/i.exec(text)?.[1];
  if (width === undefined || height === undefined) return undefined;
  const size = { width: Number(width), height: Number(height) };
  return size.width <= 0xffff && size.height <= 0xffff ? size : undefined;
}
