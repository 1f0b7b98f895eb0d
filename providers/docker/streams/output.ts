import type { Writable } from 'node:stream';
import type { ProcessStreams } from '../../contract/streams.ts';
import type { Frame } from '../engine/frames.ts';
import { FrameReader } from '../engine/frames.ts';
import { pour } from './conversation.ts';

type Outputs = Pick<ProcessStreams, 'stdout' | 'stderr'>;

/** Divides what comes from the engine among the outputs: frames, but from a terminal the bytes as they are. */
export class Output {
  readonly #targets: Outputs;
  readonly #frames: FrameReader | undefined;
  /** Writes that are not taken yet. */
  #pending = 0;
  #onIdle = (): void => undefined;
  readonly #onTaken = (): void => {
    if (--this.#pending === 0) this.#onIdle();
  };

  constructor(tty: boolean, targets: Outputs) {
    this.#targets = targets;
    this.#frames = tty ? undefined : new FrameReader();
  }

  /** False when it was cut in the middle of a frame. */
  get isWhole(): boolean {
    return this.#frames?.isWhole ?? true;
  }

  /** Returns the outputs that are full. */
  take(chunk: Buffer): Writable[] {
    const pieces = this.#frames?.push(chunk) ?? [{ stream: 'stdout' as const, data: chunk }];
    const full = pieces.flatMap((piece) => this.give(piece));
    return full.length > 1 ? [...new Set(full)] : full;
  }

  /** Resolves when the outputs have taken all that they were given; rejects when the signal fires before. */
  async taken(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#pending === 0) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#onIdle = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
    });
  }

  protected give({ stream, data }: Frame): Writable[] {
    const target = this.#targets[stream];
    if (target === undefined) return [];
    const full = pour(target, data, this.#onTaken);
    this.#pending++;
    return full;
  }
}

/** How the engine begins when it cannot start a command. It says so on the output of the command. */
const refusals = ['OCI runtime exec failed', 'cannot exec in a '];
const longestRefusal = 4096;

/** Output of a command that may not have been started: what may be the engine's words for that is held back. */
export class ExecOutput extends Output {
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;

  protected override give(piece: Frame): Writable[] {
    if (this.#held === undefined) return super.give(piece);
    if (piece.stream === 'stdout' && this.#mayBeRefusal(piece.data)) {
      this.#held.push(piece.data);
      this.#heldBytes += piece.data.length;
      return [];
    }
    return [...this.release('stdout'), ...super.give(piece)];
  }

  /** What was held back, if that is all there was. */
  get held(): string {
    return Buffer.concat(this.#held ?? []).toString();
  }

  release(stream: Frame['stream']): Writable[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held.flatMap((data) => super.give({ stream, data }));
  }

  #mayBeRefusal(data: Buffer): boolean {
    if (this.#heldBytes + data.length > longestRefusal) return false;
    const text = this.held + data.toString();
    return refusals.some((refusal) => text.startsWith(refusal) || refusal.startsWith(text));
  }
}
