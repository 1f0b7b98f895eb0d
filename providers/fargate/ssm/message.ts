import { createHash } from 'node:crypto';

/**
 * The messages of a data channel of Session Manager, one in each binary frame. AWS describes them nowhere but in the
 * sources of its client and agent: github.com/aws/session-manager-plugin (src/message), aws/amazon-ssm-agent
 * (agent/session/contracts). Numbers are big-endian:
 *
 * | offset | bytes | |
 * | --- | --- | --- |
 * | 0 | 4 | length of the header: where the payload's length is |
 * | 4 | 32 | type, filled up with spaces |
 * | 36 | 4 | schema version, 1 |
 * | 40 | 8 | created, milliseconds since the epoch |
 * | 48 | 8 | sequence number |
 * | 56 | 8 | flags |
 * | 64 | 16 | UUID, its second half first |
 * | 80 | 32 | SHA-256 of the payload |
 * | 112 | 4 | payload type; messages of the service itself may lack it |
 * | 116 | 4 | length of the payload |
 * | 120 | | payload |
 */
export interface ChannelMessage {
  readonly type: string;
  readonly sequence: number;
  readonly flags: number;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly payloadType: number;
  readonly payload: Buffer;
}

export const messageTypes = {
  input: 'input_stream_data',
  output: 'output_stream_data',
  acknowledge: 'acknowledge',
  closed: 'channel_closed',
  start: 'start_publication',
  pause: 'pause_publication',
} as const;

export const payloadTypes = {
  output: 1,
  size: 3,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  stdErr: 11,
} as const;

/** No frame is longer. Payloads of both sides are 1024 bytes or little more. */
export const maxMessageBytes = 1024 * 1024;
/** As much input as the client of AWS puts into one message. */
export const payloadBytes = 1024;

const at = {
  type: 4,
  schema: 36,
  created: 40,
  sequence: 48,
  flags: 56,
  id: 64,
  digest: 80,
  payloadType: 112,
};
const headerBytes = 116;
const lengthBytes = 4;
const typeBytes = 32;
const idBytes = 16;

export function encodeMessage(message: ChannelMessage): Buffer {
  const { type, sequence, flags, id, createdAt, payloadType, payload } = message;
  const bytes = Buffer.alloc(headerBytes + lengthBytes + payload.length);
  bytes.writeUInt32BE(headerBytes, 0);
  bytes.write(type.padEnd(typeBytes), at.type, typeBytes, 'latin1');
  bytes.writeUInt32BE(1, at.schema);
  bytes.writeBigUInt64BE(BigInt(createdAt), at.created);
  bytes.writeBigInt64BE(BigInt(sequence), at.sequence);
  bytes.writeBigUInt64BE(BigInt(flags), at.flags);
  swapped(Buffer.from(id.replaceAll('-', ''), 'hex')).copy(bytes, at.id);
  digestOf(payload).copy(bytes, at.digest);
  bytes.writeUInt32BE(payloadType, at.payloadType);
  bytes.writeUInt32BE(payload.length, headerBytes);
  payload.copy(bytes, headerBytes + lengthBytes);
  return bytes;
}

/** Throws an Error that says what is wrong with it. The payload is a view of `bytes`. */
export function decodeMessage(bytes: Buffer): ChannelMessage {
  if (bytes.length > maxMessageBytes) throw new Error(`a message of ${bytes.length} bytes`);
  if (bytes.length < at.payloadType + lengthBytes)
    throw new Error(`a message of ${bytes.length} bytes has no room for its header`);
  const header = bytes.readUInt32BE(0);
  const payloadAt = header + lengthBytes;
  if (header < at.payloadType || payloadAt > bytes.length) throw new Error(`a header of ${header} bytes`);
  const type = bytes.toString('latin1', at.type, at.schema).replace(/[ \0]+$/, '');
  if (!/^[a-z_]+$/.test(type)) throw new Error(`a type that is no word: ${JSON.stringify(type)}`);
  const payload = bytes.subarray(payloadAt);
  const told = bytes.readUInt32BE(header);
  if (told !== payload.length) throw new Error(`a payload of ${payload.length} bytes that counts ${told}`);
  // The service itself sends these two, and no digest with them.
  const isSigned = type !== messageTypes.start && type !== messageTypes.pause && payload.length > 0;
  if (isSigned && !digestOf(payload).equals(bytes.subarray(at.digest, at.payloadType)))
    throw new Error(`a payload of ${type} that is not what its digest says`);
  const uuid = swapped(bytes.subarray(at.id, at.id + idBytes)).toString('hex');
  return {
    type,
    sequence: safe(bytes.readBigInt64BE(at.sequence), 'sequence number'),
    flags: safe(bytes.readBigUInt64BE(at.flags), 'flags'),
    id: uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    createdAt: safe(bytes.readBigUInt64BE(at.created), 'date'),
    payloadType: header < headerBytes ? 0 : bytes.readUInt32BE(at.payloadType),
    payload,
  };
}

function digestOf(payload: Buffer): Buffer {
  return createHash('sha256').update(payload).digest();
}

function swapped(uuid: Buffer): Buffer {
  return Buffer.concat([uuid.subarray(8), uuid.subarray(0, 8)]);
}

function safe(number: bigint, what: string): number {
  if (number < 0n || number > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`a ${what} of ${number}`);
  return Number(number);
}
