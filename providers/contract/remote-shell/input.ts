import type { Readable } from 'node:stream';

export interface InputEvents {
  /** Takes a chunk, and settles when it wants the next. */
  take(chunk: Buffer): Promise<void>;
  /** The input has ended, and all of it was taken. */
  ended(): Promise<void>;
  /** It broke off, or could not be taken. Half an input must not pass for a whole one. */
  failed(error: unknown): void;
}

/** Reads input at the pace of the one who takes it, until `leave` is called. The stream is left to its owner. */
export function readInput(source: Readable, { take, ended, failed }: InputEvents): () => void {
  let work: Promise<void> = Promise.resolve();
  const onData = (chunk: Buffer): void => {
    source.pause();
    work = work.then(() => take(chunk)).then(() => void source.resume());
    work.catch(failed);
  };
  const onEnd = (): void => void work.then(ended).catch(failed);
  const onError = (error: Error): void => failed(new Error(`the input broke off: ${error.message}`));
  const onClose = (): void => {
    if (!source.readableEnded) failed(new Error('the input broke off'));
  };
  source.on('end', onEnd).on('error', onError).on('close', onClose).on('data', onData);
  if (source.readableEnded) onEnd();
  else if (source.destroyed) onClose();
  else source.resume();
  return () => {
    source.off('end', onEnd).off('error', onError).off('close', onClose).off('data', onData).pause();
  };
}
