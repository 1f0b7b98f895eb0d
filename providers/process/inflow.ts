import type { Readable, Writable } from 'node:stream';

/** What becomes of some input. */
export interface InflowEvents {
  /** It has ended, and all of it was passed on. */
  ended(): void;
  /** It broke off, which is no end. */
  broken(error: Error): void;
}

/**
 * Carries input to a process at the pace of the latter. What the process does not want, since it has closed its input or
 * has none, is read and dropped, so that it blocks nothing on its way here. Returns how to stop, which destroys `target`.
 */
export function inflow(source: Readable, target: Writable | undefined, events: InflowEvents): () => void {
  let isWanted = target !== undefined;
  const take = (chunk: Buffer): void => {
    if (isWanted && target?.write(chunk) === false) source.pause();
  };
  const resume = (): void => void source.resume();
  const end = (): void => {
    if (isWanted) target?.end(() => target.destroy());
    target?.once('close', events.ended);
  };
  const refuse = (): void => {
    isWanted = false;
    source.resume();
  };
  const fail = (error: Error): void => events.broken(error);
  const closed = (): void => {
    if (!source.readableEnded) events.broken(source.errored ?? new Error('it broke off'));
  };
  target?.on('drain', resume).on('error', refuse).on('close', refuse);
  source.on('end', end).on('error', fail).on('close', closed).on('data', take);
  if (source.readableEnded) end();
  else if (source.destroyed) closed();
  else source.resume();
  return () => {
    source.off('data', take).off('end', end).off('error', fail).off('close', closed).pause();
    target?.off('drain', resume).off('close', refuse).off('close', events.ended).destroy();
  };
}
