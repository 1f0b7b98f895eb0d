import { type ApiCall, describeCall } from './api-call.ts';
import { StatusError } from './errors.ts';
import type { Answer } from './transport.ts';
import type { Status } from './types.ts';

/** The reasons that apimachinery gives to bare HTTP codes (errors.NewGenericServerResponse). */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Characters of a body that is no Status object (a proxy's HTML page) which go into the message. */
const excerptLength = 200;

/** The error that an answer with a status of 300 or more means. */
export function statusErrorOf(call: ApiCall, answer: Answer, now: number): StatusError {
  const status = parseStatus(answer.text);
  return statusError(call, status ?? {}, {
    code: answer.status,
    message: status?.message ?? excerpt(answer.text),
    retryAfterMs: retryAfterMs(answer.headers['retry-after'], now),
  });
}

/** The error that a Status object inside a watch means. */
export function statusErrorInWatch(call: ApiCall, status: Status): StatusError {
  return statusError(call, status, {
    code: status.code ?? 500,
    message: status.message ?? 'the server ended the watch with an error',
    retryAfterMs: undefined,
  });
}

function statusError(
  call: ApiCall,
  status: Status,
  fallback: { code: number; message: string; retryAfterMs: number | undefined },
): StatusError {
  const seconds = status.details?.retryAfterSeconds;
  return new StatusError({
    call: describeCall(call),
    code: fallback.code,
    reason: status.reason ?? reasons[fallback.code] ?? 'Unknown',
    message: fallback.message,
    details: status.details,
    retryAfterMs: fallback.retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000),
  });
}

function parseStatus(text: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed)) return undefined;
    return parsed.kind === 'Status' ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return 'the server gave no message';
  return line.length > excerptLength ? `${line.slice(0, excerptLength)}…` : line;
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
