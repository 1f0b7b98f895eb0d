import { SpdyConnection, type SpdyEnd } from '../../src/kubelet/streaming/spdy/connection.ts';
import type { SpdyStream } from '../../src/kubelet/streaming/spdy/stream.ts';
import { MemorySocket } from '../../src/kubelet/streaming/spdy/testing/memory-socket.ts';
import { FakeClock, settle } from '../../src/telemetry/fake-clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { SeededRandom } from './random.ts';
import { brokenConversation } from './spdy-conversation.ts';

const limits = { streams: 8, unreadBytes: 64 * 1024, controlQueueBytes: 16 * 1024 };
/** What eight streams write at most, and the answers. */
const maxWaitingBytes = 8 * 300 * 1024 + limits.controlQueueBytes + 64 * 1024;
const hour = 60 * 60 * 1000;

/**
 * One connection with a client that speaks SPDY, or almost, and owners of streams that read, write, reset, throw or do
 * nothing. Throws when the connection does not end within its own limits, or leaves a timer, a stream or too much behind.
 */
export async function spdyCase(seed: number): Promise<SpdyEnd['cause']> {
  const random = new SeededRandom(seed);
  const clock = new FakeClock();
  const socket = new MemorySocket();
  const streams: SpdyStream[] = [];
  const connection = new SpdyConnection({
    ...{ clock, socket, limits, log: silentLog, head: Buffer.alloc(0) },
    onStream(stream) {
      streams.push(stream);
      own(stream, random);
    },
  });
  let end: SpdyEnd | undefined;
  void connection.closed.then((why) => {
    end = why;
  });
  for (const chunk of brokenConversation(random)) {
    socket.feed(chunk);
    if (random.chance(4)) await settle(1);
    if (random.chance(20)) socket.stall();
    if (random.chance(10)) socket.unstall();
    if (socket.writableLength > maxWaitingBytes)
      throw new Error(`${socket.writableLength} bytes wait to be written`);
  }
  const last = random.pick(['close', 'leave', 'destroy', 'nothing']);
  if (last === 'close') void connection.close();
  if (last === 'leave') socket.leave();
  if (last === 'destroy') connection.destroy(new Error('over'));
  for (let hours = 0; end === undefined && hours < 10; hours++) {
    if (hours > 0) socket.unstall();
    await clock.advance(hour);
  }
  if (end === undefined) throw new Error(`the connection does not end after ${last}`);
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
  // Streams that were over for both sides still have what came for them.
  for (const stream of streams) stream.resume();
  await settle();
  if (!streams.every((stream) => stream.destroyed)) throw new Error('a stream is left');
  return end.cause;
}

/** What the node does with a stream. */
function own(stream: SpdyStream, random: SeededRandom): void {
  const deed = random.pick(['echo', 'drain', 'ignore', 'unanswered', 'refuse', 'write', 'later', 'throw']);
  if (deed === 'throw') throw new Error('an owner that fails');
  if (deed === 'refuse') stream.reset('REFUSED_STREAM');
  if (deed !== 'unanswered') stream.reply();
  if (deed === 'echo') stream.pipe(stream);
  if (deed === 'drain') stream.resume().end('thanks');
  if (deed === 'write' || deed === 'unanswered') stream.write(Buffer.alloc(random.integer(300_000)));
  if (deed === 'later')
    setImmediate(() => (random.chance(2) ? stream.destroy(new Error('no more')) : stream.end()));
}
