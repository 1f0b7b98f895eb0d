const kib = 1024;

/**
 * What one client may make the node hold. Together they bound the memory of a connection, whatever it sends:
 * `unreadBytes` at most fourfold (see inbox.ts), one control frame, `headerBytes` of headers and 32 KiB of their history,
 * `controlQueueBytes` of answers, and per stream the object itself (a few KiB) and what its owner writes
 * (one buffer of 64 KiB). DATA frames need no limit: they are passed on as they come and never gathered.
 */
export interface SpdyLimits {
  /** Payload of a control frame. The draft wants 8192 at least; a SYN_STREAM of a Kubernetes client has about 100. */
  readonly controlFrameBytes: number;
  /** A header block when inflated. `http.DefaultMaxHeaderBytes` would be 1 MiB; Kubernetes clients send about 100. */
  readonly headerBytes: number;
  /** Open at once; the draft wants 100 at least. Port-forward takes two for each TCP connection, exec and attach at most five. */
  readonly streams: number;
  /**
   * DATA that came and that nobody has read, over all streams. While there is more the socket is not read. A
   * spdystream client or server holds about as much: 50 frames of 32 KiB.
   */
  readonly unreadBytes: number;
  /** Answers (PING, RST_STREAM) that wait because the client does not read; beyond it we do not read either. */
  readonly controlQueueBytes: number;
  /** No byte either way for so long ends the connection: streamingConnectionIdleTimeout of the kubelet, 4 h. */
  readonly idleMs: number;
  /** How long a client may take to close its side after everything was sent to it. */
  readonly lingerMs: number;
}

export const defaultSpdyLimits: SpdyLimits = {
  controlFrameBytes: 16 * kib,
  headerBytes: 64 * kib,
  streams: 1000,
  unreadBytes: 2048 * kib,
  controlQueueBytes: 256 * kib,
  idleMs: 4 * 60 * 60 * 1000,
  lingerMs: 10_000,
};

/** Payload of the DATA frames that we write. Small enough that a PING or another stream gets in between. */
export const dataFrameBytes = 64 * kib;

/** What one stream gives the socket before it waits for its turn again. */
export const turnBytes = 256 * kib;
