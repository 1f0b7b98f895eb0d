import { dataHeader } from './frames.ts';
import { dataFrameBytes, turnBytes } from './limits.ts';

/**
 * The DATA frames that carry `chunks`, without copying: yields what to write, in order, a turn at a time. Short chunks
 * share a frame, long ones are cut.
 */
export function* dataTurns(streamId: number, chunks: readonly Buffer[]): Generator<Buffer[]> {
  let left = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const cutter = new Cutter(chunks);
  while (left > 0) {
    const turn: Buffer[] = [];
    for (let room = Math.min(left, turnBytes); room > 0; ) {
      const length = Math.min(room, dataFrameBytes);
      turn.push(dataHeader(streamId, length, false));
      cutter.cut(length, turn);
      room -= length;
      left -= length;
    }
    yield turn;
  }
}

class Cutter {
  readonly #chunks: readonly Buffer[];
  #index = 0;
  #offset = 0;

  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks;
  }

  /** Appends views of the next `length` bytes. */
  cut(length: number, to: Buffer[]): void {
    for (let left = length; left > 0; ) {
      const chunk = this.#chunks[this.#index];
      if (chunk === undefined) return;
      const piece = chunk.subarray(this.#offset, this.#offset + left);
      if (piece.length > 0) to.push(piece);
      left -= piece.length;
      this.#offset += piece.length;
      if (this.#offset < chunk.length) continue;
      this.#index++;
      this.#offset = 0;
    }
  }
}
