/** What is charged for a piece beyond its bytes: the objects that hold it. */
export const pieceOverhead = 512;

/** Who counts the bytes that wait in all inboxes of a connection. */
export interface InboxBudget {
  hold(bytes: number): void;
  release(bytes: number): void;
}

/** What came for one stream and was not read yet. It takes what it is given; the budget sees to it that no more comes. */
export class Inbox {
  readonly #budget: InboxBudget;
  readonly #pieces: Buffer[] = [];
  #held = 0;
  #taken = 0;
  #ended = false;
  #closed = false;
  #waiting: (() => void) | undefined;

  constructor(budget: InboxBudget) {
    this.#budget = budget;
  }

  put(piece: Buffer): void {
    if (this.#closed) return;
    const kept = worthItsMemory(piece) ? piece : copy(piece);
    this.#pieces.push(kept);
    this.#held += charge(kept);
    this.#budget.hold(charge(kept));
    this.#wake();
  }

  /** Nothing more will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The next piece, null at the end, or undefined: then `ready` is called once when there is something. Who takes has used what it took before. */
  take(ready: () => void): Buffer | null | undefined {
    this.#release(this.#taken);
    const piece = this.#pieces.shift();
    this.#taken = piece === undefined ? 0 : charge(piece);
    if (piece !== undefined) return piece;
    if (this.#ended) return null;
    this.#waiting = ready;
    return undefined;
  }

  /** Drops what waits and all that comes. */
  close(): void {
    this.#closed = true;
    this.#pieces.length = 0;
    this.#waiting = undefined;
    this.#taken = 0;
    this.#release(this.#held);
  }

  #release(bytes: number): void {
    this.#held -= bytes;
    if (bytes > 0) this.#budget.release(bytes);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

function charge(piece: Buffer): number {
  return piece.length + pieceOverhead;
}

/** A piece is a view of a whole chunk of the socket and keeps all of it: that may cost four times what is charged, no more. */
function worthItsMemory(piece: Buffer): boolean {
  return piece.length * 4 >= piece.buffer.byteLength;
}

/** Not Buffer.from(), which cuts small buffers out of a pool that they would keep in turn. */
function copy(piece: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(own);
  return own;
}
