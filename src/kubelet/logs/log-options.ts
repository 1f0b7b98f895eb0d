import type { LogQuery } from '../../../providers/contract/index.ts';

export interface LogOptions {
  readonly query: Omit<LogQuery, 'container'>;
  readonly timestamps: boolean;
  /** Bytes of the answer, time stamps included. */
  readonly limitBytes?: number;
}

export interface BadLogOptions {
  readonly status: 400 | 422;
  readonly text: string;
}

const invalid: BadLogOptions = { status: 422, text: '{"message": "Invalid request."}' };
const undecodable: BadLogOptions = { status: 400, text: '{"message": "Unable to decode query."}' };

/** Reads the query of /containerLogs as the kubelet does (apis/core/validation, ValidatePodLogOptions). `now` in milliseconds. */
export function parseLogOptions(query: URLSearchParams, now: number): LogOptions | BadLogOptions {
  const tail = query.get('tailLines') ?? (query.get('tail') === 'all' ? null : query.get('tail'));
  const numbers = [tail, query.get('limitBytes'), query.get('sinceSeconds')].map(readInteger);
  const flags = ['follow', 'previous', 'timestamps'].map((name) => readFlag(query.get(name)));
  const sinceTime = query.get('sinceTime');
  if (numbers.includes('bad') || flags.includes('bad')) return undecodable;
  if (sinceTime !== null && Number.isNaN(Date.parse(sinceTime))) return undecodable;
  const [tailLines, limitBytes, sinceSeconds] = numbers as (number | undefined)[];
  const [follow, previous, timestamps] = flags as boolean[];
  if ((tailLines ?? 0) < 0 || (limitBytes ?? 1) < 1 || (sinceSeconds ?? 1) < 1) return invalid;
  if (sinceSeconds !== undefined && sinceTime !== null) return invalid;
  const since = sinceSeconds === undefined ? sinceTime : new Date(now - sinceSeconds * 1000).toISOString();
  return {
    query: {
      follow: follow === true,
      previous: previous === true,
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(since === null ? {} : { sinceTime: since }),
    },
    timestamps: timestamps === true,
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

export function isBad(options: LogOptions | BadLogOptions): options is BadLogOptions {
  return 'status' in options;
}

function readInteger(text: string | null): number | undefined | 'bad' {
  if (text === null || text === '') return undefined;
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : 'bad';
}

/** As Go's strconv.ParseBool. */
function readFlag(text: string | null): boolean | 'bad' {
  if (text === null || text === '') return false;
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(0|f|F|false|FALSE|False)$/.test(text) ? false : 'bad';
}
