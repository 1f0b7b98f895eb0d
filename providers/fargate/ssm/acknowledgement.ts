import { type ChannelMessage, encodeMessage, messageTypes } from './message.ts';

/** Tells the sender that a message has arrived; messages of both directions are acknowledged one by one. */
export function acknowledgementOf(message: ChannelMessage, createdAt: number): Buffer {
  const content = {
    AcknowledgedMessageType: message.type,
    AcknowledgedMessageId: message.id,
    AcknowledgedMessageSequenceNumber: message.sequence,
    IsSequentialMessage: true,
  };
  return encodeMessage({
    type: messageTypes.acknowledge,
    sequence: 0,
    flags: 3,
    id: crypto.randomUUID(),
    createdAt,
    payloadType: 0,
    payload: Buffer.from(JSON.stringify(content)),
  });
}

/** The sequence number that is acknowledged. Throws an Error when the payload is none of these. */
export function acknowledgedBy(payload: Buffer): number {
  const content: { AcknowledgedMessageSequenceNumber?: unknown } | null = JSON.parse(payload.toString());
  const sequence = content?.AcknowledgedMessageSequenceNumber;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence))
    throw new Error('an acknowledgement without a sequence number');
  return sequence;
}
