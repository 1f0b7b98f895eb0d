import {
  ClientFrames,
  control,
  data,
  goAway,
  headerBlock,
  ping,
  rstStream,
  u32,
} from '../../src/kubelet/streaming/spdy/testing/client-frames.ts';
import type { SeededRandom } from './random.ts';

/** What a client sends, cut into chunks anywhere; three of four times with faults. */
export function brokenConversation(random: SeededRandom): Buffer[] {
  const client = new ClientFrames();
  const ids = { next: 1 };
  const frames = Array.from({ length: 1 + random.integer(30) }, () => frame(client, ids, random));
  let bytes: Buffer = Buffer.concat(frames);
  for (let faults = random.integer(4); faults > 0; faults--) bytes = withFault(bytes, random);
  return cut(bytes, random);
}

function frame(client: ClientFrames, ids: { next: number }, random: SeededRandom): Buffer {
  const some = (): number => random.integer(ids.next + 2);
  const fin = random.chance(4);
  switch (random.integer(14)) {
    case 0:
    case 1:
    case 2: {
      const id = ids.next;
      ids.next += 2;
      return client.synStream(
        id,
        { streamtype: random.pick(['stdin', 'data', 'error']), port: `${id}` },
        fin ? 1 : 0,
      );
    }
    case 3:
      return client.synStream(some(), { again: 'x' }, random.integer(4));
    case 4:
      return client.synStreamRaw(
        ids.next,
        random.chance(2) ? random.bytes(random.integer(80)) : headerBlock({ A: 'b' }),
      );
    case 5:
      return client.headers(some(), { x: 'y' }, fin ? 1 : 0);
    case 6:
      return ping(random.integer(2 ** 32));
    case 7:
      return rstStream(some(), random.integer(13));
    case 8:
      return random.chance(6) ? goAway() : ping(1);
    case 9:
      return control(random.pick([4, 9, 10, 200]), random.integer(256), random.bytes(random.integer(40)));
    case 10:
      return random.chance(10) ? control(2, 0, u32(1)) : data(some(), '');
    default:
      return data(some(), Buffer.alloc(random.integer(random.chance(5) ? 60_000 : 200), 'x'), fin);
  }
}

function withFault(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.integer(bytes.length + 1);
  const length = random.integer(40);
  const [before, piece, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (random.integer(5)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, piece, piece, after]);
    case 2:
      return Buffer.concat([before, random.bytes(length), piece, after]);
    case 3:
      return Buffer.from(before);
    default: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.integer(8)), at);
      return flipped;
    }
  }
}

function cut(bytes: Buffer, random: SeededRandom): Buffer[] {
  const longest = random.pick([1, 20, 5_000, 70_000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length && chunks.length < 5_000; ) {
    const length = 1 + random.integer(longest);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
