/**
 * Which part of a container's log is wanted. The provider honours all of it; time stamps, byte limits and error texts
 * are the node's part. `tailLines` counts before `sinceTime` drops lines, as in the kubelet (cri-client/pkg/logs/logs.go).
 */
export interface LogQuery {
  readonly container: string;
  /** The run before the current one. */
  readonly previous: boolean;
  /** Go on until the container ends; never into its next run. */
  readonly follow: boolean;
  /** Lines from the end; absent = all, 0 = none (with follow: only what comes). */
  readonly tailLines?: number;
  /** ISO 8601; lines stamped before it are dropped. */
  readonly sinceTime?: string;
}

export interface LogEntry {
  /** RFC 3339 in UTC with nine fractional digits. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without the newline that ended it. */
  readonly data: Uint8Array;
  /** True when the line was cut for its length and goes on in the next entry of the same stream. */
  readonly partial: boolean;
}
