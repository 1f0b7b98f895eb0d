import type { TerminalSize } from '../../contract/index.ts';

/**
 * How bytes travel in the connection behind `WebSocketUri`. The vendor does not publish it. What is known, and from where:
 *
 * - Seen in published programs that use ECI, three by different people, in Python and TypeScript: no subprotocol is asked
 *   for; what comes is binary messages whose first byte says which stream the rest is of, 1 stdout and 2 stderr, and is cut
 *   off. Two of them type, with a terminal and without one: 0, and then the bytes.
 * - Inferred from that, since it is what servers of Kubernetes speak when no subprotocol is asked for (`channel.k8s.io`):
 *   3 says why the command failed, as text, or nothing; 4 takes the size of the terminal; input cannot be ended alone, and
 *   ends with the connection. One of those programs has other names for 3 and 4, and makes no use of them.
 * - Nothing says that text messages come; if they do they are taken for output, as they are.
 */
export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export type Frame =
  | { readonly kind: 'output' | 'error'; readonly data: Buffer }
  /** It means nothing to us, and holds nothing of the command's. */
  | { readonly kind: 'idle' }
  /** Not what we know. `channel`: its first byte. */
  | { readonly kind: 'strange'; readonly channel: number };

export function decode(message: Buffer, isBinary: boolean): Frame {
  if (message.length === 0) return { kind: 'idle' };
  if (!isBinary) return { kind: 'output', data: message };
  const channel = message.readUInt8();
  const data = message.subarray(1);
  if (channel === channels.stdout || channel === channels.stderr) return { kind: 'output', data };
  if (channel === channels.error) return { kind: 'error', data };
  return data.length === 0 || channel === channels.resize ? { kind: 'idle' } : { kind: 'strange', channel };
}

export function encode(channel: number, data: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(channel), data]);
}

/** With capitals, as Kubernetes writes it (client-go/tools/remotecommand TerminalSize). */
export function encodeSize({ width, height }: TerminalSize): Buffer {
  return encode(channels.resize, Buffer.from(JSON.stringify({ Width: width, Height: height })));
}

/**
 * What channel 3 says in words: plain, or in a `Status` object, as newer servers write it. Undefined when it says that
 * all went well, or nothing.
 */
export function failureIn(text: string): string | undefined {
  const plain = text.replace(/\p{Cc}+/gu, ' ').trim();
  if (!plain.startsWith('{')) return plain || undefined;
  try {
    const { status, message }: { readonly status?: unknown; readonly message?: unknown } = JSON.parse(plain);
    if (status === 'Success') return undefined;
    return typeof message === 'string' ? message.replace(/\p{Cc}+/gu, ' ') : plain;
  } catch {
    return plain;
  }
}
