/** The numbers of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00 section 2.6, the draft that Kubernetes clients speak). */
export const spdyVersion = 3;

/** Bytes before the payload of every frame: stream id, or version and type; flags; 24 bits of length. */
export const frameHeaderBytes = 8;

/** CREDENTIAL (10) and types of no number are ignored, as the draft says for types that are not known. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** On DATA, SYN_STREAM and HEADERS: the sender is done with its direction of the stream. */
export const flagFin = 0x01;
/** On SYN_STREAM: the receiver may not write. No Kubernetes client sets it. */
export const flagUnidirectional = 0x02;

const resetCodes = {
  PROTOCOL_ERROR: 1,
  INVALID_STREAM: 2,
  REFUSED_STREAM: 3,
  UNSUPPORTED_VERSION: 4,
  CANCEL: 5,
  INTERNAL_ERROR: 6,
  FLOW_CONTROL_ERROR: 7,
  STREAM_IN_USE: 8,
  STREAM_ALREADY_CLOSED: 9,
  INVALID_CREDENTIALS: 10,
  FRAME_TOO_LARGE: 11,
} as const;

/** Why one stream ends: the status of RST_STREAM. */
export type ResetStatus = keyof typeof resetCodes;

export function resetCode(status: ResetStatus): number {
  return resetCodes[status];
}

export function resetName(code: number): string {
  return Object.entries(resetCodes).find(([, value]) => value === code)?.[0] ?? `status ${code}`;
}

const goAwayCodes = { OK: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2 } as const;

/** Why the connection ends: the status of GOAWAY. */
export type GoAwayStatus = keyof typeof goAwayCodes;

export function goAwayCode(status: GoAwayStatus): number {
  return goAwayCodes[status];
}
