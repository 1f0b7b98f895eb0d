import { finished, type Writable } from 'node:stream';

/** Ends the streams and resolves when all that was written to them is on its way, or they broke. */
export async function flushed(streams: readonly (Writable | undefined)[]): Promise<void> {
  await Promise.all(streams.map((stream) => (stream === undefined ? undefined : ended(stream))));
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, { readable: false }, () => resolve());
    stream.end();
  });
}
