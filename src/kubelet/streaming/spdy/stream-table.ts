import { SessionError, StreamError } from './errors.ts';
import type { Inbox } from './inbox.ts';
import type { SpdyStream } from './stream.ts';

export interface TableEntry {
  readonly stream: SpdyStream;
  readonly inbox: Inbox;
  replied: boolean;
  /** We sent FIN. */
  localDone: boolean;
  /** The client sent FIN. */
  remoteDone: boolean;
}

/** The streams that are not over for both sides, by id. */
export class StreamTable {
  readonly #entries = new Map<number, TableEntry>();
  #lastId = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** The highest id that the client used. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Takes the id of a SYN_STREAM. Throws when it may not be used: they are odd and rise. */
  claim(streamId: number): void {
    if (streamId % 2 === 0) throw new SessionError(`a stream of the client with the id ${streamId}`);
    if (streamId < this.#lastId)
      throw new SessionError(`stream ${streamId} was opened after stream ${this.#lastId}`);
    if (streamId === this.#lastId) throw new StreamError(streamId, 'PROTOCOL_ERROR', 'opened twice');
    this.#lastId = streamId;
  }

  add(streamId: number, entry: TableEntry): void {
    this.#entries.set(streamId, entry);
  }

  get(streamId: number): TableEntry | undefined {
    return this.#entries.get(streamId);
  }

  /** For frames of a stream: undefined when it is over, as such frames may still be under way. Throws when it never was. */
  find(streamId: number): TableEntry | undefined {
    if (streamId % 2 === 0 || streamId > this.#lastId)
      throw new StreamError(streamId, 'INVALID_STREAM', 'never opened');
    return this.#entries.get(streamId);
  }

  /** Notes that one direction is over; forgets the stream when both are. */
  close(streamId: number, direction: 'localDone' | 'remoteDone'): void {
    const entry = this.#entries.get(streamId);
    if (entry === undefined) return;
    entry[direction] = true;
    if (entry.localDone && entry.remoteDone) this.#entries.delete(streamId);
  }

  remove(streamId: number): TableEntry | undefined {
    const entry = this.#entries.get(streamId);
    this.#entries.delete(streamId);
    return entry;
  }

  entries(): readonly TableEntry[] {
    return [...this.#entries.values()];
  }
}
