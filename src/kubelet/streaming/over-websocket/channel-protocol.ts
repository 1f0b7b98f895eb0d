/** How a WebSocket subprotocol carries numbered channels (apimachinery/pkg/util/httpstream/wsstream). */
export interface ChannelProtocol {
  /** `''` where the client names none. */
  readonly name: string;
  /** Binary messages begin with the number of their channel; text ones with its digit, and the rest is base64. */
  readonly encoding: 'binary' | 'base64';
  /** What is written on the error channel. */
  readonly status: 'object' | 'text';
  /** The client can close one channel alone: that is how it ends stdin. */
  readonly halfClose: boolean;
}

export const commandProtocols: readonly ChannelProtocol[] = [
  { name: 'v5.channel.k8s.io', encoding: 'binary', status: 'object', halfClose: true },
  { name: 'v4.channel.k8s.io', encoding: 'binary', status: 'object', halfClose: false },
  { name: 'v4.base64.channel.k8s.io', encoding: 'base64', status: 'object', halfClose: false },
  { name: 'channel.k8s.io', encoding: 'binary', status: 'text', halfClose: false },
  { name: 'base64.channel.k8s.io', encoding: 'base64', status: 'text', halfClose: false },
  { name: '', encoding: 'binary', status: 'text', halfClose: false },
];

export const forwardProtocols: readonly ChannelProtocol[] = [
  { name: 'v4.channel.k8s.io', encoding: 'binary', status: 'text', halfClose: false },
  { name: 'v4.base64.channel.k8s.io', encoding: 'base64', status: 'text', halfClose: false },
  { name: '', encoding: 'binary', status: 'text', halfClose: false },
];

/** A SPDY connection inside of binary messages, as kubectl port-forward speaks it. */
export const forwardTunnel = 'SPDY/3.1+portforward.k8s.io';

/** From v5 on: [255, channel] says that the client has closed the channel. */
const closeMark = 255;
const zero = '0'.charCodeAt(0);

export type Decoded =
  | { readonly kind: 'data'; readonly channel: number; readonly data: Buffer }
  | { readonly kind: 'end'; readonly channel: number }
  | { readonly kind: 'bad'; readonly why: string };

export function decode(protocol: ChannelProtocol, message: Buffer): Decoded {
  const first = message[0];
  if (first === undefined) return { kind: 'bad', why: 'a message without a channel' };
  const rest = message.subarray(1);
  if (protocol.encoding === 'base64')
    return { kind: 'data', channel: first - zero, data: Buffer.from(rest.toString('latin1'), 'base64') };
  if (!protocol.halfClose || first !== closeMark) return { kind: 'data', channel: first, data: rest };
  const channel = rest[0];
  if (channel === undefined || rest.length !== 1)
    return { kind: 'bad', why: 'a close message names one channel' };
  return { kind: 'end', channel };
}

/** Strings are sent as text messages. */
export function encode(protocol: ChannelProtocol, channel: number, data: Uint8Array): Buffer | string {
  if (protocol.encoding === 'base64')
    return String.fromCharCode(zero + channel) + Buffer.from(data).toString('base64');
  const message = Buffer.allocUnsafe(data.length + 1);
  message[0] = channel;
  message.set(data, 1);
  return message;
}
