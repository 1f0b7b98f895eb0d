import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acknowledgedBy, acknowledgementOf } from './acknowledgement.ts';
import {
  type ChannelMessage,
  decodeMessage,
  encodeMessage,
  maxMessageBytes,
  messageTypes,
} from './message.ts';

const messages: fc.Arbitrary<ChannelMessage> = fc.record({
  type: fc.constantFrom(...Object.values(messageTypes)),
  sequence: fc.maxSafeNat(),
  flags: fc.nat(),
  id: fc.uuid(),
  createdAt: fc.maxSafeNat(),
  payloadType: fc.nat(),
  payload: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
});

const plain: ChannelMessage = {
  type: messageTypes.output,
  sequence: 7,
  flags: 0,
  id: '00112233-4455-6677-8899-aabbccddeeff',
  createdAt: 0x0102030405,
  payloadType: 1,
  payload: Buffer.from('abc'),
};

it('writes each field where the protocol has it', () => {
  const bytes = encodeMessage(plain);
  expect(bytes.toString('latin1', 4, 36)).toBe('output_stream_data'.padEnd(32));
  expect(bytes.subarray(0, 4).toString('hex') + bytes.subarray(36, 80).toString('hex')).toBe(
    [
      '00000074', // header
      '00000001', // schema
      '0000000102030405', // date
      '0000000000000007', // sequence number
      '0000000000000000', // flags
      '8899aabbccddeeff0011223344556677', // UUID, its second half first
    ].join(''),
  );
  expect(bytes.subarray(80).toString('hex')).toBe(
    [
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', // SHA-256 of abc
      '00000001', // payload type
      '00000003', // length
      '616263',
    ].join(''),
  );
});

it('reads what it wrote', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(decodeMessage(encodeMessage(message))).toEqual(message);
    }),
  );
});

it('reads a message of the service, whose header has no payload type', () => {
  const payload = Buffer.from('{"Output":"bye"}');
  const bytes = encodeMessage({ ...plain, type: messageTypes.closed, payload });
  const short = Buffer.concat([bytes.subarray(0, 112), bytes.subarray(116)]);
  short.writeUInt32BE(112, 0);
  expect(decodeMessage(short)).toMatchObject({ type: 'channel_closed', payloadType: 0, payload });
});

describe('what is no message', () => {
  it('is refused wherever it is cut', () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message);
        expect(() => decodeMessage(bytes.subarray(0, cut % bytes.length))).toThrow(/^a /);
      }),
    );
  });

  it('is refused when a byte of the payload is another', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 500 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (payload, at, by) => {
          const bytes = encodeMessage({ ...plain, payload: Buffer.from(payload) });
          const place = 120 + (at % payload.length);
          bytes[place] = (bytes[place] ?? 0) ^ by;
          expect(() => decodeMessage(bytes)).toThrow('not what its digest says');
        },
      ),
    );
  });

  it('is refused with an Error, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.option(fc.nat(200)), (garbage, header) => {
        const bytes = Buffer.from(garbage);
        if (header !== null && bytes.length >= 4) bytes.writeUInt32BE(header, 0);
        expect(() => decodeMessage(bytes)).toThrow(Error);
      }),
    );
  });

  it.each([
    ['longer than the cap', Buffer.alloc(maxMessageBytes + 1), /a message of 1048577 bytes/],
    ['of numbers that are none', negative(), /a sequence number of -1/],
  ])('is refused when it is %s', (_name, bytes, says) => {
    expect(() => decodeMessage(bytes)).toThrow(says);
  });
});

it('acknowledges a message by its number', () => {
  const acknowledgement = decodeMessage(acknowledgementOf(plain, 1));
  expect(acknowledgement.type).toBe('acknowledge');
  expect(JSON.parse(acknowledgement.payload.toString())).toEqual({
    AcknowledgedMessageType: 'output_stream_data',
    AcknowledgedMessageId: plain.id,
    AcknowledgedMessageSequenceNumber: 7,
    IsSequentialMessage: true,
  });
  expect(acknowledgedBy(acknowledgement.payload)).toBe(7);
  for (const text of ['null', '{}', '{"AcknowledgedMessageSequenceNumber":"7"}', '{'])
    expect(() => acknowledgedBy(Buffer.from(text))).toThrow(Error);
});

function negative(): Buffer {
  const bytes = encodeMessage(plain);
  bytes.writeBigInt64BE(-1n, 48);
  return bytes;
}
