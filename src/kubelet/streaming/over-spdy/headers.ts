import type { SpdyStream } from '../spdy/stream.ts';

/** How long a client may take to open the streams that belong together. */
export const streamCreationMs = 30_000;

export function streamHeader(stream: SpdyStream, name: string): string | undefined {
  return stream.headers.get(name)?.[0];
}
