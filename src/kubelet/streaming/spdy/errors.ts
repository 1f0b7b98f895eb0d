import { type GoAwayStatus, type ResetStatus, resetName } from './protocol.ts';

/** The client broke a rule of one stream: RST_STREAM, and the connection goes on. Never leaves this folder. */
export class StreamError extends Error {
  readonly streamId: number;
  readonly status: ResetStatus;

  constructor(streamId: number, status: ResetStatus, message: string) {
    super(`stream ${streamId}: ${message}`);
    this.streamId = streamId;
    this.status = status;
  }
}

/** The client broke a rule after which nothing it sends can be understood: GOAWAY and the end. Never leaves this folder. */
export class SessionError extends Error {
  readonly status: GoAwayStatus = 'PROTOCOL_ERROR';
}

/** What a stream is destroyed with when the client sent RST_STREAM. */
export class StreamResetError extends Error {
  /** The status as it came; a client may send numbers that the draft does not have. */
  readonly code: number;

  constructor(code: number) {
    super(`the client reset the stream: ${resetName(code)}`);
    this.name = 'StreamResetError';
    this.code = code;
  }
}

/** What streams are destroyed with when their connection ends first. */
export class ConnectionOverError extends Error {
  constructor(why: string) {
    super(`the connection ended before the stream: ${why}`);
    this.name = 'ConnectionOverError';
  }
}
