import type { ForwardedConnection, ProcessStreams } from '../../../../providers/contract/index.ts';
import type { Status } from '../../../kube/types.ts';

/** The other end of a session, whatever protocol it speaks. */
export interface Client {
  /** Fires, before any of its streams break, when the client has left, its connection is lost or was idle for too long. */
  readonly gone: AbortSignal;
  /** Cuts the connection. What was not sent is lost. */
  destroy(): void;
}

/** A client of exec or attach. */
export interface CommandClient extends Client {
  /** Those that it asked for. They belong to this client: sessions end them through {@link finish}. */
  readonly streams: ProcessStreams;
  /**
   * Waits until the client has taken all output, then reports the status and closes. Settles also when the client leaves
   * meanwhile; never rejects.
   */
  finish(status: Status): Promise<void>;
}

/** One connection that a client of port-forward wants. */
export interface ForwardPair {
  readonly port: number;
  readonly connection: ForwardedConnection;
  /** Ends the pair; `trouble` is why it failed. */
  done(trouble?: string): void;
}

export interface ForwardClient extends Client {
  /** Hands over each connection; resolves when there will be no more of them. Never rejects. Called once. */
  pairs(take: (pair: ForwardPair) => void): Promise<void>;
  /** Closes, once everything was taken. Never rejects. */
  finish(): Promise<void>;
}
