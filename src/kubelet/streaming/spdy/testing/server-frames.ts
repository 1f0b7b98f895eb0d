import { constants, inflateSync } from 'node:zlib';
import { dictionary } from '../dictionary.ts';

/** What a server sent: `SYN_REPLY 1`, `DATA 1 hello`, `DATA 1 FIN`, `RST 3 5`, `PING 7`, `GOAWAY 1 0`. */
export type ServerFrame = string;

interface RawFrame {
  readonly type: number | 'data';
  readonly flags: number;
  readonly first: number;
  readonly body: Buffer;
}

/** Reads whole frames; checks the header blocks of all replies with zlib itself. Adjacent DATA of one stream is joined. */
export function serverFrames(bytes: Buffer): ServerFrame[] {
  const frames = rawFrames(bytes);
  const blocks = frames.filter(({ type }) => type === 2).map(({ body }) => body.subarray(4));
  if (blocks.length > 0) {
    const inflated = inflateSync(Buffer.concat(blocks), { dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    if (!inflated.equals(Buffer.alloc(4 * blocks.length))) throw new Error('a reply with headers');
  }
  return joined(frames).map(text);
}

function rawFrames(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.readUInt32BE(at);
    const length = bytes.readUIntBE(at + 5, 3);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (body.length < length) throw new Error('a frame that is cut off');
    if (first >= 2 ** 31 && (first & 0x7fff_0000) !== 0x3_0000) throw new Error('a frame of another version');
    frames.push({
      type: first < 2 ** 31 ? 'data' : first & 0xffff,
      flags: bytes.readUInt8(at + 4),
      first: first < 2 ** 31 ? first : body.readUInt32BE(0) & 0x7fff_ffff,
      body,
    });
    at += 8 + length;
  }
  return frames;
}

function joined(frames: readonly RawFrame[]): RawFrame[] {
  const out: RawFrame[] = [];
  for (const frame of frames) {
    const last = out.at(-1);
    const joins = last?.type === 'data' && frame.type === 'data' && last.first === frame.first;
    if (joins && last.flags === 0 && frame.flags === 0)
      out[out.length - 1] = { ...last, body: Buffer.concat([last.body, frame.body]) };
    else out.push(frame);
  }
  return out;
}

function text({ type, flags, first, body }: RawFrame): ServerFrame {
  switch (type) {
    case 'data':
      return ['DATA', first, ...(body.length > 0 ? [body.toString()] : []), ...(flags ? ['FIN'] : [])].join(
        ' ',
      );
    case 2:
      return `SYN_REPLY ${first}`;
    case 3:
      return `RST ${first} ${body.readUInt32BE(4)}`;
    case 6:
      return `PING ${first}`;
    case 7:
      return `GOAWAY ${first} ${body.readUInt32BE(4)}`;
    default:
      throw new Error(`a frame of type ${type}`);
  }
}
