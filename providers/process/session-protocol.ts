import type { ProviderErrorKind } from '../contract/errors.ts';
import type { TerminalSize } from '../contract/streams.ts';

/**
 * What runtime and shim say to each other about one exec or attach: JSON lines over a connection of its own, which is
 * also the life of the session. When the runtime closes it, or dies, the shim kills the command. The bytes take another
 * way, through FIFOs in a folder of the session that the shim makes and both open: the kernel carries them, with its own
 * back-pressure and without a copy in the shim.
 *
 *     runtime   request             go      size ..., eof
 *     shim               opened                       ended, or error at any time
 */
export interface SessionRequest {
  /** Absent = attach to the main process. */
  readonly exec?: { readonly argv: readonly string[]; readonly tty: boolean };
  readonly containerId: string;
  /** What the caller has something for. */
  readonly streams: readonly StreamName[];
}

export type StreamName = 'stdin' | 'stdout' | 'stderr';

export type RuntimeLine =
  | { readonly request: SessionRequest }
  /** The FIFOs are open on this side too: begin. */
  | { readonly go: true }
  /** The input is complete and all of it is in its FIFO. Without this word the process sees no end: it is killed instead. */
  | { readonly eof: true }
  | { readonly size: TerminalSize };

/** The FIFOs are there. A stream that was asked for and is not named has no end in the container. */
export interface OpenedLine {
  readonly opened: { readonly folder: string; readonly streams: readonly StreamName[] };
}

export type ShimLine =
  | OpenedLine
  /** The process has ended. The code of an attach says nothing. */
  | { readonly ended: number }
  | { readonly error: { readonly kind: ProviderErrorKind; readonly message: string } };

/** As for calls: command and arguments fit. */
export const maxSessionLineBytes = 8 * 1024 * 1024;
