import type { GetLogEventsRequest, GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import { invalidParameter } from '../door/service-error.ts';
import type { LogLine } from './run-lines.ts';

const maxEvents = 10_000;
const maxBytes = 1_048_576;
/** What each event counts beside its message. */
const eventBytes = 26;

/**
 * One page of GetLogEvents: docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html. A token
 * names a place between two events; at the end of the stream the same token comes back. `blank`: this page is empty,
 * though it is not the end.
 */
export function logPage(
  lines: readonly LogLine[],
  request: GetLogEventsRequest,
  blank: boolean,
): GetLogEventsResponse {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = maxEvents, nextToken } = request;
  if (!(limit >= 1 && limit <= maxEvents)) throw invalidParameter(`limit must be between 1 and ${maxEvents}`);
  const events = lines.filter(({ timestamp }) => timestamp >= startTime && timestamp < endTime);
  const token = nextToken === undefined ? undefined : readToken(nextToken);
  const forward = token?.forward ?? request.startFromHead ?? false;
  const place = token?.place ?? (forward ? 0 : events.length);
  if (blank)
    return page([], `f/${pad(place, (token?.blanks ?? 0) + 1)}`, `b/${pad(place, (token?.blanks ?? 0) + 1)}`);
  const step = forward ? 1 : -1;
  let bytes = 0;
  let end = place;
  for (;;) {
    const next = events[forward ? end : end - 1];
    if (next === undefined || Math.abs(end - place) >= limit) break;
    bytes += Buffer.byteLength(next.message) + eventBytes;
    if (bytes > maxBytes) break;
    end += step;
  }
  const chosen = events.slice(Math.min(place, end), Math.max(place, end));
  if (nextToken !== undefined && end === place)
    return page([], forwardToken(place, token), backwardToken(place, token));
  return page(chosen, `f/${pad(Math.max(place, end), 0)}`, `b/${pad(Math.min(place, end), 0)}`);
}

interface Token {
  readonly forward: boolean;
  readonly place: number;
  readonly blanks: number;
}

function forwardToken(place: number, token: Token | undefined): string {
  return `f/${pad(place, token?.forward ? token.blanks : 0)}`;
}

function backwardToken(place: number, token: Token | undefined): string {
  return `b/${pad(place, token?.forward ? 0 : (token?.blanks ?? 0))}`;
}

/** 56 digits, as CloudWatch has them. */
function pad(place: number, blanks: number): string {
  return `${String(blanks).padStart(28, '0')}${String(place).padStart(28, '0')}`;
}

function readToken(text: string): Token {
  const [, kind, blanks, place] = /^([fb])\/(\d{28})(\d{28})$/.exec(text) ?? [];
  if (kind === undefined) throw invalidParameter('The specified nextToken is invalid.');
  return { forward: kind === 'f', blanks: Number(blanks), place: Number(place) };
}

function page(lines: readonly LogLine[], forward: string, backward: string): GetLogEventsResponse {
  return {
    events: lines.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
    nextForwardToken: forward,
    nextBackwardToken: backward,
  };
}
