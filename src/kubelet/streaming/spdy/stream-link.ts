import type { FrameSink } from './frame-sink.ts';
import { dataHeader, rstStream, synReply } from './frames.ts';
import type { StreamLink } from './stream.ts';
import type { StreamTable } from './stream-table.ts';

/** What streams do to their connection. */
export function createStreamLink(table: StreamTable, sink: FrameSink): StreamLink {
  let isFirstReply = true;
  return {
    reply(streamId) {
      const entry = table.get(streamId);
      if (entry === undefined) return;
      entry.replied = true;
      sink.control(synReply(streamId, isFirstReply));
      isFirstReply = false;
    },
    send(streamId, chunks, done) {
      sink.data(streamId, chunks, () => table.get(streamId) !== undefined, done);
    },
    finish(streamId, done) {
      if (table.get(streamId) === undefined) return done();
      sink.frame(dataHeader(streamId, 0, true), done);
      table.close(streamId, 'localDone');
    },
    reset(streamId, status) {
      if (table.remove(streamId) === undefined) return;
      sink.control(rstStream(streamId, status));
    },
  };
}
