import type { Duplex, Readable, Writable } from 'node:stream';

/**
 * What `kubectl exec` and `attach` plug into a process. A provider reads and writes these with back-pressure, so that a
 * slow client slows the process down and costs no memory. It neither ends nor destroys them: their owner does.
 */
export interface ProcessStreams {
  /** Its end closes the input of the process and nothing else. Absent = no input. */
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Absent with a terminal, whose only output is stdout. */
  readonly stderr?: Writable;
  /** With a terminal only: its size to begin with, and each new one. */
  readonly sizes?: AsyncIterable<TerminalSize>;
}

/** In characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** One TCP connection to a port of the instance. The provider ends its side when the port does, and destroys it on errors. */
export type ForwardedConnection = Duplex;
